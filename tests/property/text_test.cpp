// CSV, JSON numbers and natural keys.
#include <cmath>

#include "plan/natural_key.hpp"
#include "property/properties.hpp"
#include "records/csv.hpp"

using namespace rowlane;

namespace {

// Text as people have it: quotes, line ends, guards, separators, letters of several scripts.
rc::Gen<std::string> text() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{"a",
                                                                                               "B",
                                                                                               "7",
                                                                                               " ",
                                                                                               ",",
                                                                                               "\"",
                                                                                               "'",
                                                                                               "=",
                                                                                               "+",
                                                                                               "-",
                                                                                               "@",
                                                                                               "\t",
                                                                                               "\r",
                                                                                               "\n",
                                                                                               "\r\n",
                                                                                               ";",
                                                                                               "\xEF\xBB\xBF",
                                                                                               "\xC3\xA9",
                                                                                               "\xE0\xA4\x95",
                                                                                               "\xE2\x80\x93",
                                                                                               "\xE2\x80\x8B",
                                                                                               "\xEF\xBC\xA1",
                                                                                               "\xF0\x9F\x98\x80",
                                                                                               "e\xCC\x81",
                                                                                               "/",
                                                                                               "NA"})),
      [](const std::vector<std::string>& parts) {
        std::string out;
        for (const std::string& part : parts) out += part;
        return out;
      });
}

}  // namespace

PROPERTY(
    "csv: lines of any text come back as they were", () {
      const auto rows = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::vector<std::string>>>(
          rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(text()))));
      std::string file;
      records::append_csv_line(file, {"header"});  // a file's first bytes may be a byte order mark, which is skipped
      for (const std::vector<std::string>& row : rows) records::append_csv_line(file, row);
      auto read = records::parse_csv(file);
      RC_ASSERT(read.has_value());
      read->erase(read->begin());
      // A line whose only cell is empty is an empty line, which a reader skips.
      std::vector<std::vector<std::string>> wanted;
      for (const std::vector<std::string>& row : rows)
        if (row.size() > 1 || !row[0].empty()) wanted.push_back(row);
      RC_ASSERT(read->size() == wanted.size());
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        std::vector<std::string> cells;
        for (const std::string& cell : (*read)[i].cells) cells.push_back(records::unguard_cell(cell));
        RC_ASSERT(cells == wanted[i]);
      }
    })

PROPERTY(
    "csv: an export of a record imports to the same fields", () {
      const FieldCatalogue catalogue;
      Record record;
      record.public_id = "id";
      for (FieldId id = 0; id < field::shipped_count; ++id) {
        const bool required = id == field::name || id == field::vertical;
        if (!required && *rc::gen::inRange(0, 3) == 0) continue;
        Value value;
        switch (catalogue.type(id)) {
          case FieldType::text:
            value = (required ? "N" : "") + *text();
            break;
          case FieldType::money:
            value = Money{*rc::gen::inRange<std::int64_t>(-1'000'000'000, 1'000'000'000)};
            break;
          case FieldType::date:
            value = Date{*rc::gen::inRange(-20'000, 60'000)};
            break;
          case FieldType::boolean:
            value = *rc::gen::arbitrary<bool>();
            break;
          case FieldType::choice:
            value = *rc::gen::elementOf(verticals());
            break;
        }
        record.fields.set(id, std::move(value));
      }
      std::string file;
      records::append_export_header(file, catalogue, {});
      records::append_export_record(file, {}, record, "asha@office.example");
      const records::ImportInput input = records::read_import(file, catalogue, {}, [](std::string_view email) {
        return email == "asha@office.example" ? std::optional(UserId{1}) : std::nullopt;
      });
      RC_ASSERT(input.errors.empty());
      RC_ASSERT(input.lines.size() == 1u);
      RC_ASSERT(input.lines[0].public_id == "id");
      RC_ASSERT(input.lines[0].owner == UserId{1});
      for (FieldId id = 0; id < field::shipped_count; ++id)
        RC_ASSERT(same_value(input.lines[0].set.get(id), record.fields.get(id)));
    })

PROPERTY(
    "natural keys: normalising a second time changes nothing", () {
      const std::string once = plan::join_key({*text()});
      RC_ASSERT(plan::join_key({once}) == once);
    })

PROPERTY(
    "natural keys: spaces, zero-width characters and the kind of dash make no difference",
    (const std::vector<unsigned char>& seed) {
      std::string plain = "POL", spelled = "pol";
      for (const unsigned char c : seed) {
        plain += static_cast<char>('A' + c % 26), plain += '-';
        spelled += static_cast<char>('a' + c % 26);
        spelled += c % 2 ? " \xE2\x80\x94" : "\xE2\x80\x8B\xE2\x80\x91";
      }
      RC_ASSERT(plan::join_key({plain}) == plan::join_key({spelled}));
    })

PROPERTY(
    "json: the text of a number reads back as the same number", (std::uint64_t bits) {
      const double value = std::bit_cast<double>(bits);
      RC_PRE(std::isfinite(value));
      const std::string text = number_text(value);
      const auto read = parse_json(text);
      RC_ASSERT(read.has_value());
      RC_ASSERT(read->as_double() == value);
      RC_ASSERT(read->dump() == text);
    })

PROPERTY(
    "json: any text comes back from its quoted form", () {
      const std::string raw = *text();
      const auto read = parse_json(Json(raw).dump());
      RC_ASSERT(read.has_value());
      RC_ASSERT(read->string_or() == raw);
    })
