#include "simulation/inspector.hpp"

#include <fmt/format.h>

namespace rowlane::simulation {

namespace {

bool is_same(const Json& a, const Json& b) {
  const auto x = a.as_double(), y = b.as_double();  // a number's text may differ: 87038.7 and 87038.70
  return x && y ? *x == *y : a == b;
}
// Whether the JSON text is, or has among its cells, the value.
bool holds_value(const std::string& json, const Json& value) {
  const Json parsed = parse_json(json).value_or(Json());
  const Json::Array* cells = parsed.if_array();
  if (!cells) return is_same(parsed, value);
  return std::ranges::any_of(*cells, [&](const Json& cell) { return is_same(cell, value); });
}

}  // namespace

std::vector<Inspector::Stored> Inspector::records() const {
  std::vector<Stored> out;
  db::Statement stmt =
      world_.db_->prepare("SELECT id, public_id, deleted_at_ms, sync_state, fields FROM record ORDER BY id");
  while (stmt.step().value_or(false)) {
    Stored r{.id = stmt.i64(0), .public_id = stmt.text(1), .is_deleted = !stmt.is_null(2), .sync = stmt.text(3)};
    const Fields fields = world_.catalogue_.decode(stmt.view(4)).value();
    r.name = fields.text(field::name), r.policy = fields.text(field::current_policy_no);
    r.vertical = fields.text(field::vertical);
    if (const auto* money = std::get_if<Money>(&fields.get(field::premium)))
      r.premium = static_cast<double>(money->hundredths) / 100;
    out.push_back(std::move(r));
  }
  return out;
}

std::vector<Inspector::Entry> Inspector::history() const {
  std::vector<Entry> out;
  db::Statement stmt = world_.db_->prepare(R"(
      SELECT record_id, coalesce(job_id, 0), what, tab, field, before_json, after_json
      FROM history WHERE side='sheet' ORDER BY id)");
  while (stmt.step().value_or(false))
    out.push_back({stmt.i64(0), stmt.i64(1), stmt.text(2), stmt.text(3), stmt.text(4), stmt.text(5), stmt.text(6)});
  return out;
}

bool Inspector::goes(const std::string& id, const SimTab& tab) const {
  for (const Stored& r : records())
    if (r.public_id == id) return r.is_deleted || &r.home() != &tab;
  return true;
}

int Inspector::leavings(const std::string& id, const SimTab& tab) const {
  db::Statement stmt = world_.db_->prepare(R"(
      SELECT count(*) FROM history h JOIN record r ON r.id=h.record_id
      WHERE h.side='sheet' AND h.tab=? AND r.public_id=? AND (h.what='delete' OR h.what='move'))");
  return stmt.bind_all(tab.key, id).step().value_or(false) ? stmt.i32(0) : 0;
}

// The record stands in one row of its tab, with its values.
std::string Inspector::check_row(const Stored& r, const SheetView& view) const {
  const SimTab& tab = r.home();
  const std::vector<int> rows = view.rows_with(kIdColumn, r.public_id);
  if (rows.empty()) return fmt::format("{} has no row in {}", r.public_id, tab.title);
  if (rows.size() > 1) return fmt::format("{} has {} rows in {}", r.public_id, rows.size(), tab.title);
  const int row = rows.front();
  const auto entered = [&](const char* header) {
    return world_.service_->cell(kBook, tab.title, row, view.columns.at(header))->entered;
  };
  for (const char* header : {"NAME", "POLICY NO", "AMOUNT"})
    if (!view.columns.contains(header)) return fmt::format("{} has no column {}", tab.title, header);
  if (entered("NAME") != sheets::local::CellValue(r.name)) return fmt::format("the name of {} is wrong", r.public_id);
  if (entered("POLICY NO") != sheets::local::CellValue(r.policy))
    return fmt::format("the policy number of {} is wrong", r.public_id);
  if (entered("AMOUNT") != sheets::local::CellValue(r.premium))
    return fmt::format("the amount of {} in {}!{} is not {}", r.public_id, tab.title, row, r.premium);
  return {};
}

std::string Inspector::check_badges() const {
  // A write whose outcome is still to be settled may stand in the wrong rows until then.
  db::Statement pending = world_.db_->prepare("SELECT 1 FROM journal WHERE state='pending'");
  if (pending.step().value_or(false)) return {};
  const SheetView views[] = {world_.people_->look(kGeneral), world_.people_->look(kLife)};
  for (const Stored& r : records()) {
    if (r.sync != "synced") continue;
    for (const SimTab* tab : kTabs) {
      const SheetView& view = views[tab == &kLife];
      const bool has_row = !view.rows_with(kIdColumn, r.public_id).empty();
      const bool belongs = !r.is_deleted && tab == &r.home();
      if (!belongs && has_row) return fmt::format("{} is called synced and has a row in {}", r.public_id, tab->title);
      // A row that a person deletes is missed by the next pass.
      if (!belongs || (!has_row && world_.people_->deleted(r.public_id, *tab) > 0)) continue;
      if (const std::string wrong = check_row(r, view); !wrong.empty())
        return fmt::format("{} is called synced, but {}", r.public_id, wrong);
    }
  }
  return {};
}

std::string Inspector::check_records() const {
  std::set<std::string> living;
  const SheetView views[] = {world_.people_->look(kGeneral), world_.people_->look(kLife)};
  for (const Stored& r : records()) {
    if (r.is_deleted) continue;
    living.insert(r.public_id);
    if (std::string wrong = check_row(r, views[&r.home() == &kLife]); !wrong.empty()) return wrong;
    if (r.sync != "synced") return fmt::format("{} is in the sheet, and called {}", r.public_id, r.sync);
  }
  for (const SimTab* tab : kTabs) {
    const SheetView& view = views[tab == &kLife];
    for (int row = view.header_row + 1; row <= view.last_row(); ++row)
      if (const std::string id = view.at(row, kIdColumn); !id.empty() && !living.contains(id))
        return fmt::format("{}!{} is the row of {}, which is deleted", tab->title, row, id);
  }
  return {};
}

std::string Inspector::check_lanes() const {
  for (std::size_t user = 0; user < world_.users_.size(); ++user) {
    const store::JobPage page = world_.jobs_of(static_cast<int>(user));
    for (std::size_t i = 1; i < page.jobs.size(); ++i) {  // newest first
      if (page.jobs[i].state != JobState::succeeded)
        return fmt::format("job {} is {}", page.jobs[i].id.value, to_string(page.jobs[i].state));
      if (*page.jobs[i].finished_at > *page.jobs[i - 1].finished_at)
        return fmt::format("job {} ended after a later one of its lane", page.jobs[i].id.value);
    }
  }
  return {};
}

// One record in one tab: each cell's before is what stood there by the entry before, and the last is what stands there
// now; rows that came and went add up.
std::string Inspector::check_chain(const Stored& r, const SimTab& tab, const std::vector<Entry>& all) const {
  const SheetView view = world_.people_->look(tab);
  const std::vector<int> rows = view.rows_with(kIdColumn, r.public_id);
  int added = 0, left = 0;
  std::string amount;  // JSON: a value, or the whole row that has it
  for (const Entry& e : all) {
    if (e.record != r.id || e.tab != tab.key) continue;
    if (e.what == "add") {
      ++added, amount = e.after;
    } else if (e.what == "delete" || e.what == "move") {
      ++left;
      if (!amount.empty() && e.before == "null") return fmt::format("history: {} left without its cells", r.public_id);
      amount.clear();
    } else if (e.field == "premium") {
      if (!amount.empty() && !holds_value(amount, parse_json(e.before).value_or(Json())))
        return fmt::format("history: the amount of {} was {} before it became {}, not {}", r.public_id, amount, e.after,
                           e.before);
      amount = e.after;
    }
  }
  const int standing = static_cast<int>(rows.size()), deleted = world_.people_->deleted(r.public_id, tab);
  // A row that a person deletes in the very write that takes it out, or puts it back, counts once.
  if (added < standing + left || added > standing + left + deleted)
    return fmt::format(
        "history: {} came into {} {} times, stands there {} times, was taken out {} times and deleted "
        "{} times by people",
        r.public_id, tab.title, added, standing, left, deleted);
  if (!rows.empty() && !amount.empty() && !holds_value(amount, Json(r.premium)))
    return fmt::format("history: the amount of {} is {}, not {}", r.public_id, amount, r.premium);
  return {};
}

std::string Inspector::check_history() const {
  const std::vector<Entry> all = history();
  for (const Stored& r : records())
    for (const SimTab* tab : kTabs)
      if (std::string wrong = check_chain(r, *tab, all); !wrong.empty()) return wrong;
  return {};
}

// What each job counts is what the history says of it.
std::string Inspector::check_counts() const {
  struct Sum {
    std::int64_t added = 0, deleted = 0;
    std::set<std::pair<std::int64_t, std::string>> updated;  // record and tab
  };
  std::map<std::int64_t, Sum> sums;
  for (const Entry& e : history()) {
    Sum& sum = sums[e.job];
    if (e.what == "add") ++sum.added;
    if (e.what == "delete" || e.what == "move") ++sum.deleted;
    if (e.what == "cell") sum.updated.emplace(e.record, e.tab);
  }
  db::Statement stmt = world_.db_->prepare("SELECT id, result FROM sync_job WHERE state='succeeded'");
  while (stmt.step().value_or(false)) {
    const Json result = parse_json(stmt.view(1)).value_or(Json());
    const Sum& sum = sums[stmt.i64(0)];
    const auto count = [&](const char* name) { return result[name].as_int().value_or(-1); };
    if (count("added") != sum.added || count("deleted") != sum.deleted || count("updated") < std::ssize(sum.updated))
      return fmt::format("job {} counts {} added, {} updated, {} deleted; its history has {}, {}, {}", stmt.i64(0),
                         count("added"), count("updated"), count("deleted"), sum.added, sum.updated.size(),
                         sum.deleted);
  }
  return {};
}

// What people wrote beside a record stands beside it, or in the history of the row's going.
std::string Inspector::check_remarks() const {
  const std::vector<Entry> all = history();
  const std::vector<Stored> stored = records();
  for (const auto& [where, remark] : world_.people_->remarks()) {
    const auto& [id, key] = where;
    const SimTab& tab = key == kLife.key ? kLife : kGeneral;
    if (leavings(id, tab) > remark.leavings) {
      const auto record = std::ranges::find(stored, id, &Stored::public_id);
      const bool is_kept = std::ranges::any_of(all, [&](const Entry& e) {
        return record != stored.end() && e.record == record->id && e.tab == key &&
               holds_value(e.before, Json(remark.text));
      });
      if (!is_kept) return fmt::format("the remark '{}' of {} went, and is not in the history", remark.text, id);
      continue;
    }
    const SheetView view = world_.people_->look(tab);
    for (const int row : view.rows_with(kIdColumn, id))
      if (view.at(row, "Remark") != remark.text)
        return fmt::format("beside {} stands '{}', not '{}'", id, view.at(row, "Remark"), remark.text);
  }
  return {};
}

std::string Inspector::check() const {
  if (std::string wrong = world_.people_->check(); !wrong.empty()) return wrong;
  for (const auto look : {&Inspector::check_records, &Inspector::check_remarks, &Inspector::check_history,
                          &Inspector::check_counts, &Inspector::check_lanes})
    if (std::string wrong = (this->*look)(); !wrong.empty()) return wrong;
  return {};
}

}  // namespace rowlane::simulation
