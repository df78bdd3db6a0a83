// A Sheets reply of any bytes, in any pieces: read the same way whole and in pieces, or refused both ways.
#include <cstdlib>

#include "sheets/google/parse.hpp"

using rowlane::sheets::google::ReplyParser;

namespace {
std::string read(std::string_view reply, std::size_t piece, ReplyParser::Shape shape) {
  ReplyParser parser(shape);
  for (std::size_t at = 0; at < reply.size(); at += piece)
    if (!parser.feed(reply.substr(at, piece))) break;
  if (!parser.finish()) return "refused";
  std::string out;
  const auto add = [&](const rowlane::SheetTable& table) {
    out += table.title;
    for (int row = 1; row <= table.row_count(); ++row)
      for (int column = 1; column <= table.column_count(); ++column) {
        const rowlane::Cell& cell = table.at(row, column);
        out += static_cast<char>(cell.kind);
        out += cell.text();
        if (cell.kind == rowlane::CellKind::number) out += std::to_string(cell.number);
        out += table.formula_at(row, column);
      }
  };
  if (shape == ReplyParser::Shape::spreadsheet) {
    const rowlane::SpreadsheetSnapshot snapshot = parser.take_snapshot();
    out += snapshot.title;
    for (const rowlane::SheetTable& table : snapshot.tabs) add(table);
  } else {
    for (const auto& tab : parser.take_blocks())
      for (const auto& block : tab.blocks) add(block.cells);
  }
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view reply(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto shape = data[0] & 1 ? ReplyParser::Shape::batch_update : ReplyParser::Shape::spreadsheet;
  const std::size_t piece = 1 + (data[0] >> 1);
  if (read(reply, reply.size() + 1, shape) != read(reply, piece, shape)) std::abort();
  return 0;
}
