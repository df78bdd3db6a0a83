#include "sheets/local/book.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rowlane::sheets::local {

std::vector<std::unique_ptr<FormatPool::Entry>> FormatPool::make_first() {
  std::vector<std::unique_ptr<Entry>> out;
  out.push_back(std::make_unique<Entry>());
  return out;
}

std::uint32_t FormatPool::intern(const Json& format) {
  const Json::Object* members = format.if_object();
  if (!members || members->empty()) return 0;
  std::string key = format.dump();
  if (const auto found = index_.find(key); found != index_.end()) return found->second;
  auto entry = std::make_unique<Entry>();
  entry->json = format;
  entry->type = format["numberFormat"]["type"].string_or();
  entry->pattern = format["numberFormat"]["pattern"].string_or();
  entry->key = key;
  entries_.push_back(std::move(entry));
  const auto index = static_cast<std::uint32_t>(entries_.size() - 1);
  index_.emplace(std::move(key), index);
  return index;
}

const Sheet* Book::sheet(std::int64_t sheet_id) const {
  const auto found = std::ranges::find(sheets, sheet_id, &Sheet::id);
  return found == sheets.end() ? nullptr : &*found;
}
Sheet* Book::sheet(std::int64_t sheet_id) {
  const auto found = std::ranges::find(sheets, sheet_id, &Sheet::id);
  return found == sheets.end() ? nullptr : &*found;
}

namespace {
bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, low, low);
}
}  // namespace

const Sheet* Book::sheet_by_title(std::string_view sheet_title) const {
  for (const Sheet& s : sheets)
    if (same_ignoring_case(s.title, sheet_title)) return &s;
  return nullptr;
}
std::optional<std::int64_t> Book::tab_id(std::string_view sheet_title) const {
  const Sheet* found = sheet_by_title(sheet_title);
  return found ? std::optional(found->id) : std::nullopt;
}
std::optional<std::string> Book::tab_title(std::int64_t sheet_id) const {
  const Sheet* found = sheet(sheet_id);
  return found ? std::optional(found->title) : std::nullopt;
}

std::int64_t Book::cell_count() const {
  std::int64_t count = 0;
  for (const Sheet& s : sheets) count += std::int64_t{s.row_count} * s.column_count;
  return count;
}

const NamedRange* Book::named_range(std::string_view name) const {
  for (const NamedRange& range : names)
    if (same_ignoring_case(range.name, name)) return &range;
  return nullptr;
}

Area Book::bounded(Area area) const {
  const Sheet* on = sheet(area.sheet_id);
  if (!on) return area;
  if (area.row_last == kOpen) area.row_last = on->row_count;
  if (area.column_last == kOpen) area.column_last = on->column_count;
  return area;
}

std::string Book::a1(const Area& area) const {
  const std::string cells = a1_cells(area);
  const std::string title_text = quoted_title(tab_title(area.sheet_id).value_or("#REF"));
  return cells.empty() ? title_text : title_text + "!" + cells;
}

Api<Area> Book::resolve_a1(std::string_view text) const {
  const auto unparsable = [&] { return refuse(fmt::format("Unable to parse range: {}", text)); };
  if (sheets.empty()) return unparsable();
  std::string_view cells = text;
  const Sheet* on = &sheets.front();
  bool whole_tab = false;
  if (text.starts_with('\'')) {
    std::string title_text;
    std::size_t i = 1;
    for (; i < text.size(); ++i) {
      if (text[i] == '\'') {
        if (i + 1 >= text.size() || text[i + 1] != '\'') break;
        ++i;
      }
      title_text += text[i];
    }
    if (i >= text.size()) return unparsable();
    on = sheet_by_title(title_text);
    if (!on) return unparsable();
    whole_tab = i + 1 == text.size();
    if (!whole_tab && text[i + 1] != '!') return unparsable();
    cells = whole_tab ? std::string_view() : text.substr(i + 2);
  } else if (const std::size_t bang = text.rfind('!'); bang != std::string_view::npos) {
    on = sheet_by_title(text.substr(0, bang));
    if (!on) return unparsable();
    cells = text.substr(bang + 1);
  } else if (!parse_a1_cells(text)) {
    if (const NamedRange* named = named_range(text)) return named->area;
    on = sheet_by_title(text);
    if (!on) return unparsable();
    whole_tab = true;
  }
  Area area;
  if (!whole_tab) {
    const auto parsed = parse_a1_cells(cells);
    if (!parsed) return unparsable();
    area = *parsed;
  }
  area.sheet_id = on->id;
  // A range may end beyond the grid; one that starts there is refused.
  if (area.row_first > on->row_count || area.column_first > on->column_count)
    return refuse(fmt::format("Range ({}) exceeds grid limits. Max rows: {}, max columns: {}", a1(area), on->row_count,
                              on->column_count));
  if (area.row_last != kOpen) area.row_last = std::min(area.row_last, on->row_count);
  if (area.column_last != kOpen) area.column_last = std::min(area.column_last, on->column_count);
  return area;
}

void rewrite_refs(Book& book, const std::function<bool(Ref&, std::int64_t)>& change) {
  for (Sheet& sheet : book.sheets) {
    if (!sheet.rows.has_formulas()) continue;
    struct Edit {
      int row, column;
      std::shared_ptr<const Formula> formula;
    };
    std::vector<Edit> edits;
    sheet.rows.each_formula_row([&](int number, const Row& row) {
      for (std::size_t i = 0; i < row.cells.size(); ++i) {
        const Formula* formula = row.cells[i].formula();
        if (!formula) continue;
        auto next = formula->with_refs([&](Ref& ref) {
          if (ref.qualified && !ref.tab_known) return false;
          return change(ref, ref.qualified ? ref.area.sheet_id : sheet.id);
        });
        if (next) edits.push_back({number, static_cast<int>(i) + 1, std::move(next)});
      }
    });
    for (Edit& edit : edits)
      sheet.rows.update(edit.row, [&](Row& row) {
        row.cells[static_cast<std::size_t>(edit.column - 1)].set_formula(std::move(edit.formula));
      });
  }
}

void follow_shift(Book& book, std::int64_t sheet_id, Axis axis, const Shift& shift) {
  Sheet& sheet = *book.sheet(sheet_id);
  std::vector<Area> merges;
  for (const Area& merge : sheet.merges) {
    const auto moved = shifted(merge, axis, shift);
    if (moved && (moved->row_last > moved->row_first || moved->column_last > moved->column_first))
      merges.push_back(*moved);
  }
  sheet.merges = std::move(merges);
  if (sheet.filter) {
    if (const auto moved = shifted(sheet.filter->area, axis, shift))
      sheet.filter->area = *moved;
    else
      sheet.filter.reset();
  }
  std::erase_if(sheet.protections, [&](Placed& placed) {
    const auto moved = shifted(placed.area, axis, shift);
    if (moved) placed.area = *moved;
    return !moved;
  });
  std::erase_if(book.names, [&](NamedRange& named) {
    if (named.area.sheet_id != sheet_id) return false;
    const auto moved = shifted(named.area, axis, shift);
    if (moved) named.area = *moved;
    return !moved;
  });
  const auto place = axis == Axis::rows ? Metadata::Place::row : Metadata::Place::column;
  std::erase_if(book.metadata, [&](Metadata& item) {
    if (item.sheet_id != sheet_id || item.place != place) return false;
    const auto moved = shifted(item.position, shift);
    if (moved) item.position = *moved;
    return !moved;
  });
  if (axis == Axis::columns) {
    std::map<int, ColumnInfo> columns;
    for (const auto& [column, info] : sheet.columns)
      if (const auto moved = shifted(column, shift)) columns[*moved] = info;
    sheet.columns = std::move(columns);
  }
  rewrite_refs(book, [&](Ref& ref, std::int64_t target) {
    if (target != sheet_id) return false;
    if (!ref.is_range) {  // a single cell goes with its row, also when that is moved
      int& position = axis == Axis::rows ? ref.area.row_first : ref.area.column_first;
      int& last = axis == Axis::rows ? ref.area.row_last : ref.area.column_last;
      const auto moved = shifted(position, shift);
      if (moved == position) return false;
      if (moved)
        position = last = *moved;
      else
        ref.dead = true;
      return true;
    }
    const auto moved = shifted(ref.area, axis, shift);
    if (moved && *moved == ref.area) return false;
    if (moved)
      ref.area = *moved;
    else
      ref.dead = true;
    return true;
  });
}

}  // namespace rowlane::sheets::local
