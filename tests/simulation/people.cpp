#include "simulation/people.hpp"

#include <fmt/format.h>

#include "domain/sheet.hpp"

namespace rowlane::simulation {

namespace {

constexpr int kColumns = 8;

Json range(const SimTab& tab, const char* dimension, int first, int count) {
  return Json::object({{"sheetId", tab.sheet_id},
                       {"dimension", dimension},
                       {"startIndex", first - 1},
                       {"endIndex", first - 1 + count}});
}
Json insert(const SimTab& tab, const char* dimension, int first, int count, bool like_before) {
  return Json::object({{"insertDimension", Json::object({{"range", range(tab, dimension, first, count)},
                                                         {"inheritFromBefore", like_before}})}});
}
Json text_at(const SimTab& tab, int row, int column, const std::string& text) {
  const Json cell =
      text.empty() ? Json(Json::Object{}) : Json::object({{"userEnteredValue", Json::object({{"stringValue", text}})}});
  const Json start = Json::object({{"sheetId", tab.sheet_id}, {"rowIndex", row - 1}, {"columnIndex", column - 1}});
  return Json::object(
      {{"updateCells",
        Json::object({{"start", start},
                      {"fields", "userEnteredValue"},
                      {"rows", Json(Json::Array{Json::object({{"values", Json(Json::Array{cell})}})})}})}});
}

}  // namespace

std::string SheetView::at(int row, const std::string& header) const {
  const auto column = columns.find(header);
  if (column == columns.end() || row < 1 || row > last_row()) return {};
  const std::vector<std::string>& cells = rows[static_cast<std::size_t>(row - 1)];
  const auto index = static_cast<std::size_t>(column->second - 1);
  return index < cells.size() ? cells[index] : std::string();
}

std::vector<int> SheetView::rows_with(const std::string& header, const std::string& text) const {
  std::vector<int> out;
  for (int row = 1; row <= last_row(); ++row)
    if (row != header_row && at(row, header) == text) out.push_back(row);
  return out;
}

People::People(sheets::local::LocalSheets& service, Random& random, Tell tell)
    : service_(service), random_(random), tell_(std::move(tell)) {
  own_["A walk-in"] = {&kGeneral, "A walk-in", "", "", "call back"};
}

SheetView People::look(const SimTab& tab) const {
  SheetView view;
  if (Result<std::vector<std::vector<std::string>>> rows = service_.values(kBook, tab.title))
    view.rows = std::move(*rows);
  for (std::size_t i = 0; i < view.rows.size(); ++i)
    if (std::ranges::find(view.rows[i], "POLICY NO") != view.rows[i].end()) {
      view.header_row = static_cast<int>(i) + 1;
      for (std::size_t column = 0; column < view.rows[i].size(); ++column)
        if (!view.rows[i][column].empty()) view.columns.emplace(view.rows[i][column], static_cast<int>(column) + 1);
      break;
    }
  return view;
}

bool People::may_move() const {
  if (typed_since_read_ && is_spared(Spared::type_between_read_and_write)) return false;
  return !(disturbed_last_write_ && is_spared(Spared::move_in_two_writes));
}

void People::apply(const Json::Array& requests) {
  if (!service_.apply(kBook, requests)) std::abort();
}

void People::note_deleted_row(const SimTab& tab, const SheetView& view, int row) {
  for (const std::string& cell : view.rows[static_cast<std::size_t>(row - 1)]) own_.erase(cell);
  const std::string id = view.at(row, kIdColumn);
  if (id.empty()) return;
  remarks_.erase({id, tab.key});
  ++deleted_[{id, tab.key}];
}

Json::Array People::insert_rows(const SimTab& tab, int row) {
  const int count = 1 + static_cast<int>(random_.below(3));
  tell_(fmt::format("a person inserts {} rows at {}!{}", count, tab.title, row));
  return {insert(tab, "ROWS", row, count, true)};
}

Json::Array People::sort(const SimTab& tab, const SheetView& view) {
  const char* const by[] = {"NAME", "POLICY NO", "AMOUNT", "Remark"};
  const char* const header = by[random_.below(4)];
  const auto column = view.columns.find(header);
  if (column == view.columns.end()) return {};
  const char* const order = random_.below(2) ? "ASCENDING" : "DESCENDING";
  tell_(fmt::format("a person sorts {} by {}, {}", tab.title, header, order));
  const Json area = Json::object({{"sheetId", tab.sheet_id},
                                  {"startRowIndex", view.header_row},
                                  {"endRowIndex", view.last_row()},
                                  {"startColumnIndex", 0},
                                  {"endColumnIndex", kColumns + shapes_[tab.key].inserted_columns}});
  const Json spec = Json::object({{"dimensionIndex", column->second - 1}, {"sortOrder", order}});
  return {Json::object({{"sortRange", Json::object({{"range", area}, {"sortSpecs", Json(Json::Array{spec})}})}})};
}

Json::Array People::disturb(const std::map<std::int64_t, std::set<int>>& going) {
  if (!may_move()) return {};
  const SimTab& tab = random_.below(4) ? kGeneral : kLife;
  const SheetView view = look(tab);
  const int first = view.header_row + 1, rows = view.last_row() - view.header_row;
  if (rows < 2) return {};
  const auto any_row = [&] { return first + static_cast<int>(random_.below(static_cast<std::uint64_t>(rows))); };
  const int row = any_row(), other = any_row();
  const bool may_shift = !(going.contains(tab.sheet_id) && is_spared(Spared::shift_where_rows_go));
  switch (random_.below(8)) {
    case 0:
    case 1:
      return may_shift ? insert_rows(tab, row) : Json::Array{};
    case 2:
      tell_(fmt::format("a person deletes row {}!{} ({})", tab.title, row, view.at(row, "NAME")));
      note_deleted_row(tab, view, row);
      return {Json::object({{"deleteDimension", Json::object({{"range", range(tab, "ROWS", row, 1)}})}})};
    case 3:
    case 4:
      return sort(tab, view);
    case 5:
      if (!may_shift) return {};
      tell_(fmt::format("a person drags row {} of {} to {}", row, tab.title, other));
      return {Json::object({{"moveDimension", Json::object({{"source", range(tab, "ROWS", row, 1)},
                                                            {"destinationIndex", other - 1}})}})};
    case 6: {
      if (shapes_[tab.key].inserted_columns >= 3) return {};
      ++shapes_[tab.key].inserted_columns;
      const int column = 1 + static_cast<int>(random_.below(7));
      tell_(fmt::format("a person inserts a column at {} of {}", column_letters(column), tab.title));
      return {insert(tab, "COLUMNS", column, 1, false)};
    }
    default:
      if (shapes_[tab.key].inserted_above >= 2 || !may_shift) return {};
      ++shapes_[tab.key].inserted_above;
      tell_(fmt::format("a person inserts a row above the headers of {}", tab.title));
      return {insert(tab, "ROWS", 1, 1, false)};
  }
}

void People::type_row(const SimTab& tab) {
  const SheetView view = look(tab);
  for (const char* header : {"NAME", "MOBILE NO", "AMOUNT", "Remark"})
    if (!view.columns.contains(header)) return;  // hit by a write a moment ago, and not put back yet
  if (is_spared(Spared::type_where_the_first_row_comes) && view.last_row() <= view.header_row) return;
  const int row = view.last_row() + 1, n = next_person_++;
  const OwnRow person{&tab, fmt::format("Visitor {}", n), fmt::format("90000{:05}", n), fmt::format("about {}", n),
                      fmt::format("remark {}", n)};
  Json::Array requests;
  if (row > kGridRows)
    requests.push_back(Json::object(
        {{"appendDimension", Json::object({{"sheetId", tab.sheet_id}, {"dimension", "ROWS"}, {"length", 1}})}}));
  for (const auto& [header, text] : {std::pair("NAME", person.name),
                                     {"MOBILE NO", person.mobile},
                                     {"AMOUNT", person.amount},
                                     {"Remark", person.remark}})
    requests.push_back(text_at(tab, row, view.columns.at(header), text));
  apply(requests);
  tell_(fmt::format("a person types the row of {} into {}!{}", person.name, tab.title, row));
  own_.emplace(person.name, person);
  typed_since_read_ = true;
}

void People::type_remark(const SimTab& tab, const std::function<bool(const std::string& id)>& goes,
                         const std::function<int(const std::string& id, const SimTab&)>& leavings) {
  const SheetView view = look(tab);
  const int rows = view.last_row() - view.header_row;
  if (rows < 1 || !view.columns.contains("Remark")) return;
  const int row = view.header_row + 1 + static_cast<int>(random_.below(static_cast<std::uint64_t>(rows)));
  const std::string id = view.at(row, kIdColumn), name = view.at(row, "NAME"), seen = view.at(row, "Remark");
  const auto own = own_.find(name);
  // People write over the remark that they see; a header that stands over the wrong column for a moment misleads none.
  if (id.empty() ? own == own_.end() || own->second.tab != &tab || own->second.remark != seen
                 : is_spared(Spared::type_into_rows_that_go) && goes(id))
    return;
  if (const auto known = remarks_.find({id, tab.key}); !id.empty() && !seen.empty())
    if (known == remarks_.end() || known->second.text != seen) return;
  const std::string text = fmt::format("spoken {}", next_person_++);
  apply({text_at(tab, row, view.columns.at("Remark"), text)});
  tell_(fmt::format("a person writes '{}' beside {}!{} ({})", text, tab.title, row, name));
  typed_since_read_ = true;
  if (id.empty())
    own->second.remark = text;
  else
    remarks_[{id, tab.key}] = {text, leavings(id, tab)};
}

int People::deleted(const std::string& id, const SimTab& tab) const {
  const auto at = deleted_.find({id, tab.key});
  return at == deleted_.end() ? 0 : at->second;
}

std::string People::check() const {
  for (const SimTab* tab : kTabs) {
    const SheetView view = look(*tab);
    for (const auto& [name, own] : own_) {
      if (own.tab != tab) continue;
      const std::vector<int> rows = view.rows_with("NAME", name);
      if (rows.size() != 1) return fmt::format("{} has {} rows in {}", name, rows.size(), tab->title);
      const int row = rows.front();
      if (view.at(row, "MOBILE NO") != own.mobile || view.at(row, "AMOUNT") != own.amount ||
          view.at(row, "Remark") != own.remark)
        return fmt::format("a person's row was changed: {} '{}' '{}' '{}'", name, view.at(row, "MOBILE NO"),
                           view.at(row, "AMOUNT"), view.at(row, "Remark"));
      if (!view.at(row, kIdColumn).empty()) return "a person's row has an id: " + name;
    }
  }
  return {};
}

}  // namespace rowlane::simulation
