#include "sheets/google/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>

#include "base/json.hpp"
#include "sheets/google/reply_builder.hpp"

namespace rowlane::sheets::google {

namespace {

using ErrorCode = boost::system::error_code;

constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kTextBytesMax = 1 << 20;         // a cell holds 50,000 characters
constexpr std::size_t kFilterBytesMax = 4 << 20;       // hidden values of a filter
constexpr std::size_t kCellsMax = 20'000'000;          // a spreadsheet holds 10 million
constexpr std::int64_t kPaddedCellsMax = 100'000'000;  // rows times columns of a grid that starts beyond A1
constexpr std::size_t kGridsMax = 1'000;
constexpr std::size_t kPropertiesMax = 1'000'000;  // merges, marks, hidden columns
constexpr std::int64_t kPositionMax = 20'000'000;

// Where in the reply the parser stands: the kind of the object or array at hand.
enum class At : std::uint8_t {
  start,
  skip,
  filter_part,
  reply,
  book,
  book_properties,
  tabs,
  tab,
  tab_properties,
  grid_properties,
  grids,
  grid,
  rows,
  row,
  values,
  cell,
  entered,
  effective,
  error_value,
  format,
  number_format,
  columns,
  column,
  marks,
  mark,
  location,
  dimension_range,
  merges,
  filter,
  tables,
  table,
  range,
};

FormatKind format_kind(std::string_view type) {
  if (type == "TEXT") return FormatKind::text;
  if (type == "NUMBER") return FormatKind::number;
  if (type == "CURRENCY") return FormatKind::currency;
  if (type == "PERCENT") return FormatKind::percent;
  if (type == "DATE") return FormatKind::date;
  if (type == "TIME") return FormatKind::time;
  if (type == "DATE_TIME") return FormatKind::date_time;
  if (type == "SCIENTIFIC") return FormatKind::scientific;
  return FormatKind::none;
}

// What the cell shows for an error; the message beside it is prose that changes with the reader's language.
std::string_view error_text(std::string_view type) {
  if (type == "DIVIDE_BY_ZERO") return "#DIV/0!";
  if (type == "NULL_VALUE") return "#NULL!";
  if (type == "VALUE") return "#VALUE!";
  if (type == "REF") return "#REF!";
  if (type == "NAME") return "#NAME?";
  if (type == "NUM") return "#NUM!";
  if (type == "N_A") return "#N/A";
  if (type == "LOADING") return "Loading...";
  return "#ERROR!";
}

// The events of Boost.JSON's parser, taken by a stack of places. `key` is the member at hand; elements of arrays do
// not look at it.
struct Reader {
  using Shape = ReplyParser::Shape;
  // Limits of Boost's own: none, ours are tighter.
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  Reader(Shape reply_shape, std::vector<TabRef> kept) : shape(reply_shape), keep(std::move(kept)) {}

  Shape shape;
  std::vector<TabRef> keep;
  std::string problem;
  bool ended = false;

  SpreadsheetSnapshot snapshot;
  std::vector<TabBlocks> tab_blocks;

  std::array<At, kDepthMax + 2> stack{};
  std::size_t depth = 0;
  std::size_t skipped = 0;  // containers open below a skipped one
  std::string key, part;    // `part`: what came before of a key, text or number that was cut

  TabDraft tab;
  bool drop_data = false;
  GridBlock block;
  std::int64_t block_row = 0, block_column = 0;  // 0-based, as sent
  std::int64_t column_at = -1;                   // of columnMetadata, within the grid
  std::vector<MarkDraft> block_marks;
  std::vector<std::int64_t> block_hidden;
  CellDraft cell;
  std::size_t cells = 0, properties = 0;
  OpenRange range;
  MarkDraft mark;
  std::int64_t dimension_start = 0, dimension_end = -1;
  bool dimension_is_columns = false;

  [[nodiscard]] At at() const { return stack[depth]; }

  bool stop(ErrorCode& error, std::string_view what) {
    problem = what;
    error = boost::json::error::exception;
    return false;
  }

  // --- Containers ---

  // The place of a container that starts here.
  [[nodiscard]] At child(bool is_array) const {
    const auto object = [&](std::string_view name, At place) { return !is_array && key == name ? place : At::skip; };
    const auto array = [&](std::string_view name, At place) { return is_array && key == name ? place : At::skip; };
    const auto first = [](std::initializer_list<At> places) {
      for (const At place : places)
        if (place != At::skip) return place;
      return At::skip;
    };
    const auto element = [&](At place) { return is_array ? At::skip : place; };
    switch (at()) {
      case At::start:
        return element(shape == Shape::spreadsheet ? At::book : At::reply);
      case At::reply:
        return object("updatedSpreadsheet", At::book);
      case At::book:
        return first({array("sheets", At::tabs), object("properties", At::book_properties),
                      array("developerMetadata", At::marks)});
      case At::tabs:
        return element(At::tab);
      case At::tab:
        return first({drop_data ? At::skip : array("data", At::grids), object("properties", At::tab_properties),
                      array("merges", At::merges), object("basicFilter", At::filter), array("tables", At::tables),
                      array("developerMetadata", At::marks)});
      case At::tab_properties:
        return object("gridProperties", At::grid_properties);
      case At::grids:
        return element(At::grid);
      case At::grid:
        return first({array("rowData", At::rows), array("columnMetadata", At::columns)});
      case At::rows:
        return element(At::row);
      case At::row:
        return array("values", At::values);
      case At::values:
        return element(At::cell);
      case At::cell:
        return first({object("userEnteredValue", At::entered), object("effectiveValue", At::effective),
                      object("userEnteredFormat", At::format)});
      case At::entered:
      case At::effective:
        return object("errorValue", At::error_value);
      case At::format:
        return object("numberFormat", At::number_format);
      case At::columns:
        return element(At::column);
      case At::column:
        return array("developerMetadata", At::marks);
      case At::marks:
        return element(At::mark);
      case At::mark:
        return object("location", At::location);
      case At::location:
        return object("dimensionRange", At::dimension_range);
      case At::merges:
        return element(At::range);
      case At::filter:
        if (is_array && (key == "filterSpecs" || key == "sortSpecs")) return At::filter_part;
        return object("range", At::range);
      case At::tables:
        return element(At::table);
      case At::table:
        return object("range", At::range);
      default:
        return At::skip;
    }
  }

  bool open(bool is_array, ErrorCode& error) {
    if (skipped > 0) {
      ++skipped;
      return true;
    }
    if (at() == At::filter_part) return open_filter_part(is_array, error);
    const At place = child(is_array);
    if (at() == At::start && place == At::skip) return stop(error, "the reply is no JSON object");
    if (place == At::skip) {
      skipped = 1;
      return true;
    }
    if (depth >= kDepthMax) return stop(error, "the reply is nested too deeply");
    stack[++depth] = place;
    return begin(place, is_array, error);
  }

  bool begin(At place, bool is_array, ErrorCode& error) {
    switch (place) {
      case At::tab:
        tab = {};
        drop_data = false;
        break;
      case At::grid:
        block = {};
        block_row = block_column = 0;
        block_marks.clear();
        block_hidden.clear();
        break;
      case At::columns:
        column_at = -1;
        break;
      case At::column:
        ++column_at;
        break;
      case At::cell:
        if (++cells > kCellsMax) return stop(error, "the reply has more cells than a spreadsheet can hold");
        cell.clear();
        break;
      case At::entered:
        cell.entered.kind = CellDraft::Kind::none;
        break;
      case At::effective:
        cell.effective.kind = CellDraft::Kind::none;
        break;
      case At::range:
        range = {};
        break;
      case At::mark:
        mark = {};
        break;
      case At::dimension_range:
        dimension_start = 0;
        dimension_end = -1;
        dimension_is_columns = false;
        break;
      case At::filter_part:
        if (!tab.filter_rest.empty())
          tab.filter_rest.back() = ',';
        else
          tab.filter_rest = "{";
        append_json_string(tab.filter_rest, key);
        tab.filter_rest += is_array ? ":[" : ":{";
        break;
      default:
        break;
    }
    return true;
  }

  bool close(ErrorCode& error, char bracket) {
    if (skipped > 0) {
      --skipped;
      return true;
    }
    const At place = at();
    --depth;
    switch (place) {
      case At::filter_part:
        tab.filter_rest += bracket;
        if (at() != At::filter_part) tab.filter_rest += '}';
        break;
      case At::tab:
        end_tab();
        break;
      case At::grid:
        return end_grid(error);
      case At::row:
        if (block.cells.row_count() > kPositionMax) return stop(error, "the reply has more rows than a grid can hold");
        block.cells.end_row();
        break;
      case At::cell:
        add_cell(block.cells, cell);
        break;
      case At::range:
        return end_range(error);
      case At::dimension_range:
        if (dimension_is_columns && dimension_end == dimension_start + 1) mark.column = dimension_start;
        break;
      case At::mark:
        return end_mark(error);
      default:
        break;
    }
    return true;
  }

  [[nodiscard]] bool is_kept(const TabDraft& draft) const {
    if (keep.empty()) return true;
    return std::ranges::any_of(keep, [&](const TabRef& ref) {
      return ref.sheet_id ? *ref.sheet_id == draft.sheet_id : ref.title == draft.title;
    });
  }

  void end_tab() {
    if (shape == Shape::batch_update) {
      tab_blocks.push_back({tab.sheet_id, std::move(tab.title), std::move(tab.blocks)});
      return;
    }
    snapshot.tabs.push_back(build_table(tab, !drop_data && is_kept(tab)));
  }

  bool end_grid(ErrorCode& error) {
    if (block_row < 0 || block_column < 0 || block_row > kPositionMax || block_column > kPositionMax)
      return stop(error, "a grid starts outside any sheet");
    // What a far start would pad costs memory as cells do.
    const std::int64_t rows = block_row + block.cells.row_count(), wide = block_column + block.cells.column_count();
    const bool is_far = block_row > 0 || block_column > 0;
    if (tab.blocks.size() >= kGridsMax || (is_far && rows * std::max<std::int64_t>(wide, 1) > kPaddedCellsMax))
      return stop(error, "the reply's grids lie too far apart");
    block.row = static_cast<int>(block_row) + 1;
    block.column = static_cast<int>(block_column) + 1;
    for (const std::int64_t hidden : block_hidden)
      tab.hidden_columns.push_back(static_cast<int>(block_column + hidden) + 1);
    for (MarkDraft& own : block_marks)
      tab.marks.push_back(
          {static_cast<int>(block_column + own.column) + 1, own.id, std::move(own.key), std::move(own.value)});
    tab.blocks.push_back(std::move(block));
    return true;
  }

  bool end_range(ErrorCode& error) {
    const auto is_position = [](std::int64_t value) { return value >= -1 && value <= kPositionMax; };
    if (!is_position(range.row_start) || !is_position(range.row_end) || !is_position(range.column_start) ||
        !is_position(range.column_end) || ++properties > kPropertiesMax)
      return stop(error, "a range lies outside any sheet");
    switch (at()) {
      case At::merges:
        tab.merges.push_back(range);
        break;
      case At::filter:
        tab.filter = range;
        break;
      case At::table:
        tab.tables.push_back(range);
        break;
      default:
        break;
    }
    return true;
  }

  // Stands at the list of marks; whose they are, its owner says.
  bool end_mark(ErrorCode& error) {
    if (++properties > kPropertiesMax) return stop(error, "the reply has too much metadata");
    const At owner = stack[depth - 1];
    if (owner == At::book) {
      snapshot.marks.push_back({mark.id, std::move(mark.key), std::move(mark.value)});
    } else if (owner == At::column) {
      mark.column = column_at;
      block_marks.push_back(std::move(mark));
    } else if (owner == At::tab && mark.column >= 0 && mark.column <= kPositionMax) {
      tab.marks.push_back({static_cast<int>(mark.column) + 1, mark.id, std::move(mark.key), std::move(mark.value)});
    }
    return true;
  }

  // --- The filter's criteria, kept as text ---

  bool open_filter_part(bool is_array, ErrorCode& error) {
    if (depth >= kDepthMax) return stop(error, "the reply is nested too deeply");
    stack[++depth] = At::filter_part;
    return filter_token(is_array ? "[" : "{", error);
  }
  bool filter_token(std::string_view token, ErrorCode& error) {
    std::string& out = tab.filter_rest;
    if (out.size() + token.size() > kFilterBytesMax) return stop(error, "the filter's criteria are too large");
    if (out.back() != '[' && out.back() != '{' && out.back() != ':') out += ',';
    out += token;
    return true;
  }
  bool filter_text(std::string_view text, bool is_key, ErrorCode& error) {
    std::string quoted;
    append_json_string(quoted, text);
    if (is_key) quoted += ':';
    return filter_token(quoted, error);
  }

  // --- Values ---

  [[nodiscard]] CellDraft::Side* side() {
    if (at() == At::entered) return &cell.entered;
    return at() == At::effective ? &cell.effective : nullptr;
  }

  bool text(std::string_view value, ErrorCode& error) {
    switch (at()) {
      case At::start:
        return stop(error, "the reply is no JSON object");
      case At::entered:
      case At::effective: {
        CellDraft::Side& target = *side();
        if (key == "stringValue")
          target.kind = CellDraft::Kind::text;
        else if (key == "formulaValue")
          target.kind = CellDraft::Kind::formula;
        else
          break;
        target.text.assign(value);
        break;
      }
      case At::error_value:
        if (key != "type") break;
        if (CellDraft::Side& target = stack[depth - 1] == At::entered ? cell.entered : cell.effective; true) {
          target.kind = CellDraft::Kind::error;
          target.text.assign(error_text(value));
        }
        break;
      case At::number_format:
        if (key == "type") cell.format = format_kind(value);
        break;
      case At::book_properties:
        if (key == "title")
          snapshot.title = value;
        else if (key == "locale")
          snapshot.locale = value;
        else if (key == "timeZone")
          snapshot.time_zone = value;
        break;
      case At::tab_properties:
        if (key == "title") tab.title = value;
        break;
      case At::mark:
        if (key == "metadataKey")
          mark.key = value;
        else if (key == "metadataValue")
          mark.value = value;
        break;
      case At::dimension_range:
        if (key == "dimension") dimension_is_columns = value == "COLUMNS";
        break;
      case At::filter_part:
        return filter_text(value, false, error);
      default:
        break;
    }
    return true;
  }

  [[nodiscard]] std::int64_t* integer_target() {
    switch (at()) {
      case At::tab_properties:
        return key == "sheetId" ? &tab.sheet_id : key == "index" ? &tab.index : nullptr;
      case At::grid_properties:
        return key == "rowCount" ? &tab.grid_rows : key == "columnCount" ? &tab.grid_columns : nullptr;
      case At::grid:
        return key == "startRow" ? &block_row : key == "startColumn" ? &block_column : nullptr;
      case At::mark:
        return key == "metadataId" ? &mark.id : nullptr;
      case At::dimension_range:
        return key == "startIndex" ? &dimension_start : key == "endIndex" ? &dimension_end : nullptr;
      case At::range:
        if (key == "startRowIndex") return &range.row_start;
        if (key == "endRowIndex") return &range.row_end;
        if (key == "startColumnIndex") return &range.column_start;
        return key == "endColumnIndex" ? &range.column_end : nullptr;
      default:
        return nullptr;
    }
  }

  bool number(std::string_view value, ErrorCode& error) {
    if (at() == At::start) return stop(error, "the reply is no JSON object");
    if (at() == At::filter_part) return filter_token(value, error);
    if (CellDraft::Side* target = side()) {
      if (key != "numberValue") return true;
      const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), target->number);
      // Out of range upwards leaves nothing to keep; downwards it is zero.
      const bool is_tiny = value.contains("e-") || value.contains("E-");
      if (code == std::errc::result_out_of_range && is_tiny)
        target->number = 0;
      else if (code != std::errc() || end != value.data() + value.size())
        return stop(error, "a number of the reply cannot be held");
      target->kind = CellDraft::Kind::number;
      return true;
    }
    std::int64_t* target = integer_target();
    if (target == nullptr) return true;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), *target);
    if (code != std::errc() || end != value.data() + value.size() || *target < 0 || *target > INT32_MAX)
      return stop(error, "a position or id of the reply is no whole number in range");
    return true;
  }

  bool boolean(bool value, ErrorCode& error) {
    if (at() == At::start) return stop(error, "the reply is no JSON object");
    if (at() == At::filter_part) return filter_token(value ? "true" : "false", error);
    if (CellDraft::Side* target = side(); target != nullptr && key == "boolValue") {
      target->kind = CellDraft::Kind::boolean;
      target->number = value ? 1 : 0;
    } else if (at() == At::column && key == "hiddenByUser" && value) {
      if (++properties > kPropertiesMax) return stop(error, "the reply has too many columns");
      block_hidden.push_back(column_at);
    }
    return true;
  }

  // --- Boost.JSON's interface ---

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) {
    ended = true;
    return true;
  }
  bool on_array_begin(ErrorCode& error) { return open(true, error); }
  bool on_array_end(std::size_t, ErrorCode& error) { return close(error, ']'); }
  bool on_object_begin(ErrorCode& error) { return open(false, error); }
  bool on_object_end(std::size_t, ErrorCode& error) {
    // A tab's properties are whole: if its cells are still to come, it is known whether they are wanted.
    if (skipped == 0 && at() == At::tab_properties && shape == Shape::spreadsheet) drop_data = !is_kept(tab);
    return close(error, '}');
  }

  bool keep_part(std::string_view piece, ErrorCode& error) {
    if (part.size() + piece.size() > kTextBytesMax) return stop(error, "a text of the reply is too long");
    part += piece;
    return true;
  }
  [[nodiscard]] bool is_cut() const { return !part.empty(); }

  bool on_key_part(boost::json::string_view piece, std::size_t, ErrorCode& error) {
    return skipped > 0 || keep_part(piece, error);
  }
  bool on_key(boost::json::string_view last, std::size_t, ErrorCode& error) {
    if (skipped > 0) return true;
    if (last.size() > kTextBytesMax) return stop(error, "a name of the reply is too long");
    if (!is_cut()) {
      key.assign(last.data(), last.size());
    } else {
      if (!keep_part(last, error)) return false;
      key.swap(part);
      part.clear();
    }
    return at() != At::filter_part || filter_text(key, true, error);
  }
  bool on_string_part(boost::json::string_view piece, std::size_t, ErrorCode& error) {
    return skipped > 0 || keep_part(piece, error);
  }
  bool on_string(boost::json::string_view last, std::size_t, ErrorCode& error) {
    if (skipped > 0) return true;
    if (!is_cut())
      return last.size() <= kTextBytesMax ? text(last, error) : stop(error, "a text of the reply is too long");
    if (!keep_part(last, error)) return false;
    const bool goes_on = text(part, error);
    part.clear();
    return goes_on;
  }
  bool on_number_part(boost::json::string_view piece, ErrorCode& error) {
    return skipped > 0 || keep_part(piece, error);
  }
  bool whole_number(std::string_view last, ErrorCode& error) {
    if (skipped > 0) return true;
    if (!is_cut()) return number(last, error);
    if (!keep_part(last, error)) return false;
    const bool goes_on = number(part, error);
    part.clear();
    return goes_on;
  }
  bool on_int64(std::int64_t, boost::json::string_view last, ErrorCode& error) { return whole_number(last, error); }
  bool on_uint64(std::uint64_t, boost::json::string_view last, ErrorCode& error) { return whole_number(last, error); }
  bool on_double(double, boost::json::string_view last, ErrorCode& error) { return whole_number(last, error); }
  bool on_bool(bool value, ErrorCode& error) { return skipped > 0 || boolean(value, error); }
  bool on_null(ErrorCode& error) {
    if (skipped > 0) return true;
    if (at() == At::start) return stop(error, "the reply is no JSON object");
    return at() != At::filter_part || filter_token("null", error);
  }
  bool on_comment_part(boost::json::string_view, ErrorCode&) { return true; }
  bool on_comment(boost::json::string_view, ErrorCode&) { return true; }
};

}  // namespace

struct ReplyParser::Impl {
  Impl(Shape shape, std::vector<TabRef> keep) : parser(options(), shape, std::move(keep)) {}
  static boost::json::parse_options options() {
    boost::json::parse_options options;
    options.max_depth = kDepthMax;
    return options;
  }
  [[nodiscard]] Reader& reader() { return parser.handler(); }

  boost::json::basic_parser<Reader> parser;
  std::string problem;

  void feed(std::string_view piece, bool more) {
    if (!problem.empty()) return;
    if (reader().ended) {
      if (piece.find_first_not_of(" \t\r\n") != std::string_view::npos) problem = "something follows the reply";
      return;
    }
    ErrorCode error;
    const std::size_t taken = parser.write_some(more, piece.data(), piece.size(), error);
    if (error) {
      problem = !reader().problem.empty()                 ? reader().problem
                : error == boost::json::error::incomplete ? "the reply is cut short"
                                                          : "the reply is no valid JSON: " + error.message();
    } else if (taken < piece.size()) {
      feed(piece.substr(taken), more);  // behind the end: only blanks may stand there
    }
  }
};

ReplyParser::ReplyParser(Shape shape, std::vector<TabRef> keep)
    : impl_(std::make_unique<Impl>(shape, std::move(keep))) {}
ReplyParser::~ReplyParser() = default;

bool ReplyParser::feed(std::string_view piece) {
  if (!piece.empty()) impl_->feed(piece, true);
  return impl_->problem.empty();
}

Status ReplyParser::finish() {
  if (!impl_->reader().ended) impl_->feed(std::string_view("", 0), false);
  if (!impl_->problem.empty()) return fail(Errc::unavailable, impl_->problem);
  return {};
}

SpreadsheetSnapshot ReplyParser::take_snapshot() { return std::move(impl_->reader().snapshot); }
std::vector<TabBlocks> ReplyParser::take_blocks() { return std::move(impl_->reader().tab_blocks); }

}  // namespace rowlane::sheets::google
