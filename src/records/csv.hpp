// CSV as RFC 4180 has it, and records in it.
//
// An export is safe to open in a spreadsheet: `'` stands before a leading = + - @ ' tab or CR; the import takes it
// off again, so a text comes back as it was.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "domain/field_catalogue.hpp"
#include "domain/record.hpp"
#include "store/records.hpp"

namespace rowlane::records {

struct CsvLine {
  int line = 0;  // where it starts in the file, 1-based
  std::vector<std::string> cells;
};
// Reads quoted cells, CRLF and LF, and skips a byte order mark and empty lines. invalid_input names the line.
Result<std::vector<CsvLine>> parse_csv(std::string_view text);
// One line with CRLF; cells are quoted where they must be, and guarded as said above.
void append_csv_line(std::string& out, const std::vector<std::string>& cells);

std::string guard_cell(std::string text);
std::string unguard_cell(std::string text);

struct ImportInput {
  std::vector<store::ImportLine> lines;  // the good ones
  std::vector<store::ImportError> errors;
  bool header_is_bad = false;  // then there are no lines
};
// The user that an `owner` cell may name, or nullopt.
using OwnerOf = std::function<std::optional<UserId>(std::string_view email)>;
// `extras`: the agency's own fields, which a header may name beside the shipped ones.
ImportInput read_import(std::string_view text, const FieldCatalogue& catalogue, const std::vector<FieldId>& extras,
                        const OwnerOf& owner_of);

// The export's header: id, owner, the shipped fields, the agency's own.
void append_export_header(std::string& out, const FieldCatalogue& catalogue, const std::vector<FieldId>& extras);
void append_export_record(std::string& out, const std::vector<FieldId>& extras, const Record& record,
                          std::string_view owner_email);

}  // namespace rowlane::records
