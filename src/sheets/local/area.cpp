#include "sheets/local/area.hpp"

#include <algorithm>
#include <charconv>

namespace rowlane::sheets::local {

std::optional<int> shifted(int position, const Shift& shift) {
  const int end = shift.at + shift.count;  // one past the block
  switch (shift.kind) {
    case Shift::Kind::insert:
      return position >= shift.at ? position + shift.count : position;
    case Shift::Kind::erase:
      if (position >= end) return position - shift.count;
      return position >= shift.at ? std::nullopt : std::optional(position);
    case Shift::Kind::move: {
      const int target = shift.to > shift.at ? shift.to - shift.count : shift.to;
      if (position >= shift.at && position < end) return position - shift.at + target;
      const int closed = position >= end ? position - shift.count : position;
      return closed >= target ? closed + shift.count : closed;
    }
  }
  return position;
}

std::optional<Span> shifted(Span span, const Shift& shift) {
  const int end = shift.at + shift.count;
  switch (shift.kind) {
    case Shift::Kind::insert:
      if (span.first >= shift.at) span.first += shift.count;
      if (span.last != kOpen && span.last >= shift.at) span.last += shift.count;
      return span;
    case Shift::Kind::erase: {
      if (span.first >= shift.at && span.last < end) return std::nullopt;
      if (span.first >= end)
        span.first -= shift.count;
      else if (span.first > shift.at)
        span.first = shift.at;
      if (span.last != kOpen) {
        if (span.last >= end)
          span.last -= shift.count;
        else if (span.last >= shift.at)
          span.last = shift.at - 1;
      }
      return span;
    }
    case Shift::Kind::move: {
      if (span.first >= shift.at && span.last < end) {  // wholly inside: goes along
        const int by = *shifted(span.first, shift) - span.first;
        return Span{span.first + by, span.last + by};
      }
      const int target = shift.to > shift.at ? shift.to - shift.count : shift.to;
      std::optional<Span> closed = shifted(span, Shift{Shift::Kind::erase, shift.at, shift.count});
      if (!closed) return span;
      // Moved within the span: it keeps its ends.
      if (shift.at >= span.first && (span.last == kOpen || end - 1 <= span.last) && target > closed->first &&
          (closed->last == kOpen || target <= closed->last))
        return span;
      return shifted(*closed, Shift{Shift::Kind::insert, target, shift.count});
    }
  }
  return span;
}

std::optional<Area> shifted(Area area, Axis axis, const Shift& shift) {
  int& first = axis == Axis::rows ? area.row_first : area.column_first;
  int& last = axis == Axis::rows ? area.row_last : area.column_last;
  if (first == 1 && last == kOpen) return area;  // the whole axis stays the whole axis
  const std::optional<Span> span = shifted(Span{first, last}, shift);
  if (!span) return std::nullopt;
  first = span->first;
  last = span->last;
  return area;
}

Json grid_range_json(const Area& area) {
  Json out = Json(Json::Object{});
  out.set("sheetId", area.sheet_id);
  if (area.row_first > 1 || area.row_last != kOpen) out.set("startRowIndex", area.row_first - 1);
  if (area.row_last != kOpen) out.set("endRowIndex", area.row_last);
  if (area.column_first > 1 || area.column_last != kOpen) out.set("startColumnIndex", area.column_first - 1);
  if (area.column_last != kOpen) out.set("endColumnIndex", area.column_last);
  return out;
}

std::string column_letters(int column) {
  std::string out;
  for (int rest = column; rest > 0; rest = (rest - 1) / 26)
    out.insert(out.begin(), static_cast<char>('A' + (rest - 1) % 26));
  return out;
}

std::optional<int> column_of(std::string_view letters) {
  if (letters.empty() || letters.size() > 3) return std::nullopt;
  int column = 0;
  for (const char c : letters) {
    const int upper = c >= 'a' && c <= 'z' ? c - 'a' : c - 'A';
    if (upper < 0 || upper > 25) return std::nullopt;
    column = column * 26 + upper + 1;
  }
  return column;
}

std::string quoted_title(std::string_view title) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  const bool starts_with_digit = !title.empty() && title.front() >= '0' && title.front() <= '9';
  if (!title.empty() && !starts_with_digit && std::ranges::all_of(title, plain) && !parse_a1_cells(title))
    return std::string(title);
  std::string out = "'";
  for (const char c : title) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

namespace {
struct Corner {
  int row = 0, column = 0;  // 0: not given
};
std::optional<Corner> parse_corner(std::string_view text) {
  Corner out;
  std::size_t at = 0;
  if (at < text.size() && text[at] == '$') ++at;
  std::size_t start = at;
  while (at < text.size() && ((text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'z')) ++at;
  if (at > start) {
    const auto column = column_of(text.substr(start, at - start));
    if (!column) return std::nullopt;
    out.column = *column;
  } else {
    at = 0;
  }
  if (at < text.size() && text[at] == '$') ++at;
  start = at;
  if (start < text.size()) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + start, end, out.row);
    if (error != std::errc{} || stop != end || out.row < 1) return std::nullopt;
  }
  if (out.row == 0 && out.column == 0) return std::nullopt;
  return out;
}
}  // namespace

std::optional<Area> parse_a1_cells(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto first = parse_corner(text.substr(0, colon));
  if (!first) return std::nullopt;
  Area area;
  if (colon == std::string_view::npos) {
    if (first->row == 0 || first->column == 0) return std::nullopt;
    area.row_first = area.row_last = first->row;
    area.column_first = area.column_last = first->column;
    return area;
  }
  const auto last = parse_corner(text.substr(colon + 1));
  if (!last) return std::nullopt;
  const auto span = [](int a, int b, int& from, int& to) {
    if (a && b) {
      from = std::min(a, b);
      to = std::max(a, b);
    } else if (a || b) {
      from = a ? a : b;
      to = kOpen;
    }
  };
  span(first->row, last->row, area.row_first, area.row_last);
  span(first->column, last->column, area.column_first, area.column_last);
  return area;
}

std::string a1_cells(const Area& area) {
  const bool all_rows = area.row_first == 1 && area.row_last == kOpen;
  const bool all_columns = area.column_first == 1 && area.column_last == kOpen;
  if (all_rows && all_columns) return {};
  std::string first, last;
  if (!all_columns) first += column_letters(area.column_first);
  if (!all_rows) first += std::to_string(area.row_first);
  if (area.column_last != kOpen) last += column_letters(area.column_last);
  if (area.row_last != kOpen) last += std::to_string(area.row_last);
  return first == last && !all_rows && !all_columns ? first : first + ":" + last;
}

}  // namespace rowlane::sheets::local
