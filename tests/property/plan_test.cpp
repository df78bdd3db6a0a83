// The matcher and the to-sheet planner on drawn sheets: rows with and without ids, doubled, blank and misspelt keys,
// formulas, people's own columns, records with and without a base, tombstones.
#include <algorithm>
#include <map>
#include <numeric>

#include "domain/convert.hpp"
#include "plan/match.hpp"
#include "plan/pass_plan.hpp"
#include "plan/rows.hpp"
#include "property/properties.hpp"

using namespace rowlane;
using namespace rowlane::plan;

namespace {

constexpr int kNameColumn = 1, kOwnColumn = 2, kPolicyColumn = 3, kPremiumColumn = 4, kIdColumn = 5;

struct DrawnRow {
  std::string name, own, policy, id;
  double premium = 0;
  bool formula = false;  // the premium is one
};

struct Drawn {
  FieldCatalogue catalogue;
  TabLayout layout;
  std::vector<DrawnRow> rows;
  std::vector<Record> records;
  std::vector<std::optional<Fields>> bases;
};

std::string public_id(int i) {
  SeededRandom random(static_cast<std::uint64_t>(i) + 1);
  return make_public_id(random);
}

void draw(Drawn& d) {
  d.layout.key = "general", d.layout.title = "general_ins", d.layout.verticals = {"motor"},
  d.layout.new_vertical = "motor";
  d.layout.keys = default_keys();
  for (const auto& [id, header] : {std::pair<FieldId, const char*>{field::name, "NAME"},
                                   {field::current_policy_no, "POLICY NO"},
                                   {field::premium, "AMOUNT"}})
    d.layout.columns.push_back({id, header, d.catalogue.type(id)});
  const auto policy = rc::gen::map(rc::gen::inRange(0, 12), [](int i) {
    return i == 0 ? std::string() : i == 1 ? std::string("NA") : "POL-" + std::to_string(1'000 + i);
  });
  const int count = *rc::gen::inRange(0, 10);
  for (int i = 0; i < count; ++i) {
    Record r;
    r.id = {i + 1};
    r.public_id = public_id(i);
    r.owner = {1};
    r.fields.set(field::name, "Customer " + std::to_string(*rc::gen::inRange(0, 5)));
    r.fields.set(field::vertical, std::string(*rc::gen::inRange(0, 8) == 0 ? "life" : "motor"));
    if (const std::string no = *policy; !no.empty()) r.fields.set(field::current_policy_no, no);
    if (*rc::gen::arbitrary<bool>())
      r.fields.set(field::premium, Money{*rc::gen::inRange<std::int64_t>(1, 4) * 10'000});
    if (*rc::gen::inRange(0, 5) == 0) r.deleted_at = from_ms(1);
    std::optional<Fields> base;
    if (*rc::gen::arbitrary<bool>()) {
      base = r.fields;
      if (*rc::gen::arbitrary<bool>()) base->set(field::premium, Money{*rc::gen::inRange<std::int64_t>(1, 4) * 10'000});
    }
    d.records.push_back(std::move(r));
    d.bases.push_back(std::move(base));
  }
  const int filled = *rc::gen::inRange(0, 12);
  for (int i = 0; i < filled; ++i) {
    DrawnRow row;
    if (count > 0 && *rc::gen::inRange(0, 3) > 0) {  // of a record, more or less
      const Record& r = d.records[static_cast<std::size_t>(*rc::gen::inRange(0, count))];
      row.name = std::string(r.fields.text(field::name)),
      row.policy = std::string(r.fields.text(field::current_policy_no));
      if (*rc::gen::arbitrary<bool>()) row.id = r.public_id;
      if (*rc::gen::inRange(0, 4) == 0) row.policy += " ";
    } else {
      row.name = *rc::gen::arbitrary<bool>() ? "Walk-in" : "", row.policy = *policy;
      if (*rc::gen::inRange(0, 5) == 0) row.id = public_id(100 + i);
    }
    if (*rc::gen::arbitrary<bool>()) row.own = "call back";
    row.premium = *rc::gen::inRange(0, 4) * 100;
    row.formula = *rc::gen::inRange(0, 6) == 0;
    d.rows.push_back(std::move(row));
  }
}

// Shown with a counterexample.
void log_drawn(const Drawn& d) {
  for (std::size_t i = 0; i < d.records.size(); ++i) {
    const Record& r = d.records[i];
    const auto* premium = std::get_if<Money>(&r.fields.get(field::premium));
    RC_LOG() << fmt::format("record {}: {} | {} | {}{}{}{}\n", r.public_id, r.fields.text(field::name),
                            r.fields.text(field::current_policy_no), premium ? premium->hundredths : 0,
                            r.deleted_at ? ", deleted" : "", d.bases[i] ? ", has a base" : "",
                            d.layout.holds(r.fields.text(field::vertical)) ? "" : ", of another tab");
  }
  for (const DrawnRow& row : d.rows)
    RC_LOG() << fmt::format("row: {} | {} | {} | {}{} | {}\n", row.name, row.own, row.policy, row.premium,
                            row.formula ? " (formula)" : "", row.id);
}

SheetTable table_of(const Drawn& d) {
  SheetTable table;
  table.title = "general_ins", table.sheet_id = 1, table.grid_rows = 100, table.grid_columns = 10;
  const auto text = [&](const std::string& value) { table.add_cell(value.empty() ? Cell{} : table.text_cell(value)); };
  for (const char* header : {"NAME", "Remark", "POLICY NO", "AMOUNT"}) text(header);
  text(std::string(kIdHeader));
  table.end_row();
  for (const DrawnRow& row : d.rows) {
    text(row.name), text(row.own), text(row.policy);
    Cell premium;
    if (row.premium != 0) premium.kind = CellKind::number, premium.number = row.premium;
    if (row.formula)
      table.add_formula_cell(premium, "=2*50");
    else
      table.add_cell(premium);
    text(row.id);
    table.end_row();
  }
  return table;
}

std::vector<TabRecord> tab_records(const Drawn& d) {
  std::vector<TabRecord> out;
  for (std::size_t i = 0; i < d.records.size(); ++i)
    out.push_back({&d.records[i], d.bases[i] ? &*d.bases[i] : nullptr,
                   d.layout.holds(d.records[i].fields.text(field::vertical))});
  return out;
}

// Beside the drawn tab there is one for life, not made yet, so that a record that moves there has a place to go.
TabPlan plan_of(const Drawn& d, const SheetTable& table) {
  TabLayout life = d.layout;
  life.key = "life", life.title = "Life_ins", life.verticals = {"life"};
  std::vector<std::vector<TabRecord>> views{tab_records(d), {}};
  for (const Record& r : d.records) views[1].push_back({&r, nullptr, life.holds(r.fields.text(field::vertical))});
  std::vector<PlanJob> jobs(1);
  jobs[0].id = {1};
  jobs[0].scope.whole_agency = true;
  std::vector<TabTask> tabs(2);
  tabs[0].layout = &d.layout, tabs[0].table = &table;
  tabs[1].layout = &life;
  const std::vector<std::vector<bool>> held(2, std::vector<bool>(d.records.size()));
  return std::move(plan_pass({d.catalogue, DateOrder::dmy, jobs, tabs, views, held}).plans.at(0));
}

bool is_free(const DrawnRow& row) {
  return row.name.empty() && row.own.empty() && row.policy.empty() && row.id.empty() && row.premium == 0 &&
         !row.formula;
}

// What the plan writes, done to the drawn rows: the effect of the write on a sheet.
void apply(Drawn& d, const TabPlan& plan) {
  const auto set = [](DrawnRow& row, const CellEdit& edit) {
    RC_ASSERT(edit.column == kNameColumn || edit.column == kPolicyColumn || edit.column == kPremiumColumn);
    if (edit.column == kPremiumColumn) {
      RC_ASSERT(!row.formula);  // a formula is never written over
      const auto* money = std::get_if<Money>(&edit.value);
      row.premium = money ? static_cast<double>(money->hundredths) / 100 : 0;
      return;
    }
    const auto* text = std::get_if<std::string>(&edit.value);
    (edit.column == kNameColumn ? row.name : row.policy) = text ? *text : "";
  };
  const auto agree = [&](int record, const Fields& base) { d.bases[static_cast<std::size_t>(record)] = base; };
  for (const RowUpdate& update : plan.updates) {
    DrawnRow& row = d.rows.at(static_cast<std::size_t>(update.row - 2));
    for (const CellEdit& edit : update.cells) set(row, edit);
    if (update.write_id) row.id = d.records[static_cast<std::size_t>(update.record)].public_id;
    agree(update.record, update.base);
  }
  for (const BaseAdvance& advance : plan.advances) agree(advance.record, advance.base);
  const auto is_gone = [&](int record) {
    d.bases[static_cast<std::size_t>(record)].reset();
    d.records[static_cast<std::size_t>(record)].sync = SyncState::synced;
  };
  for (const int gone : plan.base_gone) is_gone(gone);
  const int at = plan.insert_at - 2, inserted = std::max(0, static_cast<int>(plan.adds.size()) - plan.free_rows);
  for (std::size_t i = 0; i < plan.adds.size(); ++i) {
    DrawnRow row;
    for (const CellEdit& edit : plan.adds[i].cells) set(row, edit);
    row.id = d.records[static_cast<std::size_t>(plan.adds[i].record)].public_id;
    agree(plan.adds[i].record, plan.adds[i].base);
    const std::size_t place = static_cast<std::size_t>(at) + i;
    if (static_cast<int>(i) < plan.free_rows) {
      if (d.rows.size() <= place) d.rows.resize(place + 1);
      RC_ASSERT(is_free(d.rows[place]));  // only rows that nobody uses are filled
      d.rows[place] = std::move(row);
    } else {
      d.rows.insert(d.rows.begin() + static_cast<std::ptrdiff_t>(place), std::move(row));
    }
  }
  for (auto gone = plan.deletes.rbegin(); gone != plan.deletes.rend(); ++gone) {
    d.rows.erase(d.rows.begin() + gone->row - 2 + (gone->row >= plan.insert_at ? inserted : 0));
    is_gone(gone->record);
  }
}

Matching match(const Drawn& d, const SheetTable& table, const std::vector<TabRecord>& records) {
  const TabState state;
  const TabColumns columns = find_columns({d.layout, d.catalogue, &table, state, records, DateOrder::dmy});
  RC_ASSERT(columns.refused.empty());
  RC_ASSERT(columns.id_column == kIdColumn);
  return match_rows(d.layout, table, columns, records, DateOrder::dmy);
}

}  // namespace

PROPERTY(
    "match: a row is at most one record's, a record has at most one row", () {
      Drawn d;
      draw(d);
      const SheetTable table = table_of(d);
      const std::vector<TabRecord> records = tab_records(d);
      const Matching m = match(d, table, records);
      std::vector<int> owners(static_cast<std::size_t>(table.row_count()) + 1);
      for (std::size_t i = 0; i < records.size(); ++i) {
        if (m.row_of[i] == 0) continue;
        RC_ASSERT(m.row_of[i] > 1);
        RC_ASSERT(++owners[static_cast<std::size_t>(m.row_of[i])] == 1);
        RC_ASSERT(m.record_of[static_cast<std::size_t>(m.row_of[i])] == static_cast<int>(i));
      }
      for (std::size_t row = 1; row < m.record_of.size(); ++row)
        if (m.record_of[row] >= 0)
          RC_ASSERT(m.row_of[static_cast<std::size_t>(m.record_of[row])] == static_cast<int>(row));
    })

PROPERTY(
    "match: the order in which the records come makes no difference", () {
      Drawn d;
      draw(d);
      const SheetTable table = table_of(d);
      const std::vector<TabRecord> records = tab_records(d);
      std::vector<std::size_t> order(records.size());
      std::iota(order.begin(), order.end(), 0u);
      const auto keys = *rc::gen::container<std::vector<int>>(order.size(), rc::gen::arbitrary<int>());
      std::sort(order.begin(), order.end(),
                [&](std::size_t a, std::size_t b) { return std::pair(keys[a], a) < std::pair(keys[b], b); });
      std::vector<TabRecord> shuffled;
      for (const std::size_t i : order) shuffled.push_back(records[i]);
      const Matching straight = match(d, table, records), other = match(d, table, shuffled);
      for (std::size_t i = 0; i < order.size(); ++i) {
        RC_ASSERT(other.row_of[i] == straight.row_of[order[i]]);
        RC_ASSERT(other.is_ambiguous[i] == straight.is_ambiguous[order[i]]);
      }
    })

PROPERTY(
    "to-sheet: what was written is not written again", () {
      Drawn d;
      draw(d);
      log_drawn(d);
      const TabPlan first = plan_of(d, table_of(d));
      RC_ASSERT(first.columns.refused.empty());
      apply(d, first);
      // Rows of a held deletion stay planned until a person decides; all else must be at rest. A move or a deletion may
      // free a key that was ambiguous, so rest may take a second round.
      const TabPlan second = plan_of(d, table_of(d));
      apply(d, second);
      RC_LOG() << "after two rounds:\n";
      log_drawn(d);
      const TabPlan third = plan_of(d, table_of(d));
      RC_ASSERT(third.updates.empty());
      RC_ASSERT(third.adds.empty());
      RC_ASSERT(third.deletes.empty());
    })

PROPERTY(
    "to-sheet: rows of nobody, people's own cells and formulas stay as they are", () {
      Drawn d;
      draw(d);
      const SheetTable table = table_of(d);
      const TabPlan plan = plan_of(d, table);
      const Matching m = match(d, table, tab_records(d));
      for (const RowUpdate& update : plan.updates) {
        RC_ASSERT(m.record_of[static_cast<std::size_t>(update.row)] == update.record);
        for (const CellEdit& edit : update.cells) {
          RC_ASSERT(edit.column != kOwnColumn);
          RC_ASSERT(edit.column != kIdColumn);
          RC_ASSERT(!table.at(update.row, edit.column).is_computed());
        }
      }
      for (const RowDelete& gone : plan.deletes)
        RC_ASSERT(m.record_of[static_cast<std::size_t>(gone.row)] == gone.record);
    })
