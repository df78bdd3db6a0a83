// CSV of any bytes: refused, or written out again and read back as the same cells; the import takes or lists it.
#include "records/csv.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rowlane::records;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const rowlane::FieldCatalogue catalogue;
  (void)read_import(text, catalogue, {}, [](std::string_view) { return std::nullopt; });
  const auto lines = parse_csv(text);
  if (!lines) return 0;
  std::string again;
  append_csv_line(again, {"header"});  // a file's first bytes may be a byte order mark, which is skipped
  std::vector<std::vector<std::string>> wanted;
  for (const CsvLine& line : *lines) {
    append_csv_line(again, line.cells);
    if (line.cells.size() > 1 || !line.cells[0].empty()) wanted.push_back(line.cells);
  }
  auto reread = parse_csv(again);
  if (!reread || reread->size() != wanted.size() + 1) std::abort();
  reread->erase(reread->begin());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::vector<std::string> cells;
    for (const std::string& cell : (*reread)[i].cells) cells.push_back(unguard_cell(cell));
    if (cells != wanted[i]) std::abort();
  }
  return 0;
}
