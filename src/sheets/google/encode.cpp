#include "sheets/google/encode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/json.hpp"

namespace rowlane::sheets::google {

namespace {

std::string_view format_type(FormatKind kind) {
  switch (kind) {
    case FormatKind::none:
      return "NUMBER_FORMAT_TYPE_UNSPECIFIED";
    case FormatKind::text:
      return "TEXT";
    case FormatKind::number:
      return "NUMBER";
    case FormatKind::currency:
      return "CURRENCY";
    case FormatKind::percent:
      return "PERCENT";
    case FormatKind::date:
      return "DATE";
    case FormatKind::time:
      return "TIME";
    case FormatKind::date_time:
      return "DATE_TIME";
    case FormatKind::scientific:
      return "SCIENTIFIC";
  }
  return "NUMBER_FORMAT_TYPE_UNSPECIFIED";
}

// Writes requests into the body; every method is one kind of request, or a part of one.
class Writer {
 public:
  explicit Writer(Rows rows) : rows_(rows) {}
  std::string out;
  std::vector<int> op_of_request;
  int op = 0;

  template <class... T>
  void put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out), format, std::forward<T>(values)...);
  }
  void begin_request() { begin_request(op); }
  void begin_request(int of_op) {
    if (!op_of_request.empty()) out += ',';
    op_of_request.push_back(of_op);
  }

  void value(const CellWrite& cell) {
    if (const auto* text = std::get_if<std::string>(&cell.value); text != nullptr && !text->empty()) {
      out += R"("userEnteredValue":{"stringValue":)";
      append_json_string(out, *text);
      out += '}';
    } else if (const auto* number = std::get_if<double>(&cell.value)) {
      put(R"("userEnteredValue":{{"numberValue":{}}})", number_text(*number));
    } else if (const auto* boolean = std::get_if<bool>(&cell.value)) {
      put(R"("userEnteredValue":{{"boolValue":{}}})", *boolean);
    } else if (const auto* formula = std::get_if<FormulaText>(&cell.value)) {
      out += R"("userEnteredValue":{"formulaValue":)";
      append_json_string(out, formula->text);
      out += '}';
    }
  }
  void cell(const CellWrite& write) {
    out += '{';
    value(write);
    if (write.format && write.format->first != FormatKind::none) {
      if (out.back() != '{') out += ',';
      put(R"("userEnteredFormat":{{"numberFormat":{{"type":"{}","pattern":)", format_type(write.format->first));
      append_json_string(out, write.format->second);
      out += "}}";
    }
    out += '}';
  }

  // Cells [first, last) of the row, all of which do or do not set their format: a block of their own, or a further row
  // of the block that ends in the row above.
  void update_cells(const op::UpdateCells& update, std::size_t first, std::size_t last) {
    const int column = update.column + static_cast<int>(first);
    const bool formats = update.cells[first].format.has_value();
    const auto [open, is_new] = open_.try_emplace({update.sheet_id, column, last - first, formats}, blocks_.size());
    if (is_new || rows_ == Rows::apart || blocks_[open->second].row + blocks_[open->second].rows != update.row) {
      open->second = blocks_.size();
      blocks_.push_back({op, update.sheet_id, update.row, column, formats});
    }
    Block& block = blocks_[open->second];
    block.values += block.rows++ ? R"(,{"values":[)" : R"({"values":[)";
    std::swap(out, block.values);
    for (std::size_t c = first; c < last; ++c) {
      if (c > first) out += ',';
      cell(update.cells[c]);
    }
    out += "]}";
    std::swap(out, block.values);
  }
  // What other requests must find written, or must not be written over. A cell that is written twice is written in that
  // order.
  void end_blocks() {
    for (const Block& block : blocks_) {
      begin_request(block.rows > 1 ? kSeveralOps : block.op);
      put(R"({{"updateCells":{{"start":{{"sheetId":{},"rowIndex":{},"columnIndex":{}}},"fields":"userEnteredValue{}","rows":[)",
          block.sheet_id, block.row - 1, block.column - 1, block.formats ? ",userEnteredFormat.numberFormat" : "");
      out += block.values;
      out += "]}}";
    }
    blocks_.clear(), open_.clear(), written_.clear();
  }

  void dimension_range(std::int64_t sheet_id, bool rows, int first, int count) {
    put(R"({{"sheetId":{},"dimension":"{}","startIndex":{},"endIndex":{}}})", sheet_id, rows ? "ROWS" : "COLUMNS",
        first - 1, first - 1 + count);
  }
  void append(std::int64_t sheet_id, bool rows, int count) {
    if (count <= 0) return;
    begin_request();
    put(R"({{"appendDimension":{{"sheetId":{},"dimension":"{}","length":{}}}}})", sheet_id, rows ? "ROWS" : "COLUMNS",
        count);
  }
  void begin_metadata(std::int64_t id, std::string_view key, std::string_view value_text) {
    begin_request();
    put(R"({{"createDeveloperMetadata":{{"developerMetadata":{{"metadataId":{},"metadataKey":)", id);
    append_json_string(out, key);
    out += R"(,"metadataValue":)";
    append_json_string(out, value_text);
    out += R"(,"visibility":"PROJECT","location":)";
  }
  void grid_range(std::int64_t sheet_id, const CellRange& range) {
    put(R"({{"sheetId":{},"startRowIndex":{},"endRowIndex":{},"startColumnIndex":{},"endColumnIndex":{}}})", sheet_id,
        range.row_first - 1, range.row_last, range.column_first - 1, range.column_last);
  }

  void write(const op::AddTab& tab) {
    begin_request();
    put(R"({{"addSheet":{{"properties":{{"sheetId":{},"title":)", tab.sheet_id);
    append_json_string(out, tab.title);
    put(R"(,"gridProperties":{{"rowCount":{},"columnCount":{}}}}}}}}})", tab.rows, tab.columns);
  }
  void write(const op::InsertRows& rows) {
    begin_request();
    out += R"({"insertDimension":{"range":)";
    dimension_range(rows.sheet_id, true, rows.row, rows.count);
    put(R"(,"inheritFromBefore":{}}}}})", rows.like_above && rows.row > 1);  // nothing stands above the first
  }
  void write(const op::DeleteRows& rows) {
    begin_request();
    out += R"({"deleteDimension":{"range":)";
    dimension_range(rows.sheet_id, true, rows.row, rows.count);
    out += "}}";
  }
  void write(const op::GrowGrid& grid) {
    append(grid.sheet_id, true, grid.rows);
    append(grid.sheet_id, false, grid.columns);
  }
  void write(const op::UpdateCells& update) {
    const int end = update.column + static_cast<int>(update.cells.size());
    std::vector<std::pair<int, int>>& written = written_[{update.sheet_id, update.row}];
    if (std::ranges::any_of(written,
                            [&](const auto& span) { return span.first < end && update.column < span.second; })) {
      end_blocks();
      written_[{update.sheet_id, update.row}] = {{update.column, end}};
    } else {
      written.emplace_back(update.column, end);
    }
    for (std::size_t first = 0; first < update.cells.size();) {
      std::size_t last = first + 1;
      while (last < update.cells.size() &&
             update.cells[last].format.has_value() == update.cells[first].format.has_value())
        ++last;
      update_cells(update, first, last);
      first = last;
    }
  }
  void write(const op::MarkColumn& mark) {
    begin_metadata(mark.metadata_id, mark.key, mark.value);
    out += R"({"dimensionRange":)";
    dimension_range(mark.sheet_id, false, mark.column, 1);
    out += "}}}}";
  }
  void write(const op::MarkSpreadsheet& mark) {
    begin_metadata(mark.metadata_id, mark.key, mark.value);
    out += R"({"spreadsheet":true}}}})";
  }
  void write(const op::DeleteMark& mark) {
    begin_request();
    put(R"({{"deleteDeveloperMetadata":{{"dataFilter":{{"developerMetadataLookup":{{"metadataId":{}}}}}}}}})",
        mark.metadata_id);
  }
  void write(const op::HideColumn& hide) {
    begin_request();
    out += R"({"updateDimensionProperties":{"range":)";
    dimension_range(hide.sheet_id, false, hide.column, 1);
    put(R"(,"properties":{{"hiddenByUser":{}}},"fields":"hiddenByUser"}}}})", hide.hidden);
  }
  void write(const op::ProtectColumn& protect) {
    begin_request();
    put(R"({{"addProtectedRange":{{"protectedRange":{{"range":{{"sheetId":{},"startColumnIndex":{},"endColumnIndex":{}}},"warningOnly":true,"description":)",
        protect.sheet_id, protect.column - 1, protect.column);
    append_json_string(out, protect.description);
    out += "}}}";
  }
  void write(const op::SetFilter& filter) {
    begin_request();
    out += R"({"setBasicFilter":{"filter":{"range":)";
    grid_range(filter.sheet_id, filter.range);
    if (filter.rest.size() > 2) {  // "{...}" as the parser wrote it
      out += ',';
      out.append(filter.rest, 1, filter.rest.size() - 2);
    }
    out += "}}}";
  }

 private:
  struct Block {
    int op;
    std::int64_t sheet_id;
    int row, column;
    bool formats;
    int rows = 0;
    std::string values = {};
  };
  Rows rows_;
  std::vector<Block> blocks_;
  // The last block of that sheet, column, width and kind.
  std::map<std::tuple<std::int64_t, int, std::size_t, bool>, std::size_t> open_;
  std::map<std::pair<std::int64_t, int>, std::vector<std::pair<int, int>>> written_;  // columns [first, end) by row
};

// What JSON could not carry.
Status check(const Op& op) {
  const auto is_finite = [](const CellWrite& cell) {
    const auto* number = std::get_if<double>(&cell.value);
    return number == nullptr || std::isfinite(*number);
  };
  if (const auto* update = std::get_if<op::UpdateCells>(&op)) {
    if (!std::ranges::all_of(update->cells, is_finite)) return fail(Errc::invalid_input, "a number is not finite");
  }
  return {};
}

std::size_t cell_bytes(const CellWrite& cell) {
  std::size_t bytes = 3;
  if (const auto* text = std::get_if<std::string>(&cell.value))
    bytes += text->size() + 38;
  else if (std::holds_alternative<double>(cell.value))
    bytes += 45;
  else if (std::holds_alternative<bool>(cell.value))
    bytes += 36;
  else if (const auto* formula = std::get_if<FormulaText>(&cell.value))
    bytes += formula->text.size() + 38;
  if (cell.format) bytes += 65 + cell.format->second.size();
  return bytes;
}
// `start_bytes`: of a request around each run of cells that do, or do not, set formats.
std::size_t row_bytes(const std::vector<CellWrite>& cells, std::size_t start_bytes) {
  std::size_t bytes = 14 + start_bytes;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    bytes += cell_bytes(cells[i]);
    if (i > 0 && cells[i].format.has_value() != cells[i - 1].format.has_value()) bytes += 14 + start_bytes;
  }
  return bytes;
}

}  // namespace

Result<EncodedBatch> encode_batch(const std::vector<Op>& ops, const std::vector<ReadBack>& read_back, Rows rows) {
  Writer writer(rows);
  std::size_t bytes = 256;
  for (const Op& op : ops) bytes += estimate_op_bytes(op);
  writer.out.reserve(bytes);
  writer.out = R"({"requests":[)";
  for (const Op& op : ops) {
    if (Status checked = check(op); !checked) {
      checked.error().request_index = writer.op;
      return std::unexpected(std::move(checked.error()));
    }
    if (!std::holds_alternative<op::UpdateCells>(op)) writer.end_blocks();
    std::visit([&](const auto& each) { writer.write(each); }, op);
    ++writer.op;
  }
  writer.end_blocks();
  writer.out += ']';
  if (!read_back.empty()) {
    writer.out += R"(,"includeSpreadsheetInResponse":true,"responseIncludeGridData":true,"responseRanges":[)";
    for (std::size_t i = 0; i < read_back.size(); ++i) {
      if (i > 0) writer.out += ',';
      append_json_string(writer.out, a1_range(read_back[i].title, read_back[i].range));
    }
    writer.out += ']';
  }
  writer.out += '}';
  return EncodedBatch{std::move(writer.out), std::move(writer.op_of_request)};
}

std::string encode_tab_filters(const std::vector<TabRef>& tabs) {
  std::string out = R"({"dataFilters":[)";
  for (std::size_t i = 0; i < tabs.size(); ++i)
    fmt::format_to(std::back_inserter(out), R"({}{{"gridRange":{{"sheetId":{}}}}})", i > 0 ? "," : "",
                   tabs[i].sheet_id.value_or(0));
  return out + "]}";
}

std::size_t estimate_op_bytes(const Op& op, bool as_further_row) {
  if (const auto* update = std::get_if<op::UpdateCells>(&op)) return row_bytes(update->cells, as_further_row ? 0 : 126);
  if (const auto* mark = std::get_if<op::MarkColumn>(&op)) return 260 + mark->key.size() + mark->value.size();
  if (const auto* mark = std::get_if<op::MarkSpreadsheet>(&op)) return 190 + mark->key.size() + mark->value.size();
  if (const auto* filter = std::get_if<op::SetFilter>(&op)) return 160 + filter->rest.size();
  if (const auto* tab = std::get_if<op::AddTab>(&op)) return 120 + tab->title.size();
  if (const auto* protect = std::get_if<op::ProtectColumn>(&op)) return 170 + protect->description.size();
  return 150;
}

}  // namespace rowlane::sheets::google
