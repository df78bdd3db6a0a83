#include "plan/column_evidence.hpp"

#include "base/text.hpp"
#include "domain/convert.hpp"

namespace rowlane::plan {

ColumnEvidence::ColumnEvidence(const SheetTable& table, int header_row, const std::vector<TabRecord>& records,
                               DateOrder order)
    : table_(table), header_row_(header_row), records_(records), order_(order) {
  find_known_rows();
}

void ColumnEvidence::find_known_rows() {
  std::unordered_map<std::string_view, const Fields*> bases;
  for (const TabRecord& r : records_)
    if (r.base) bases.emplace(r.record->public_id, r.base);
  if (bases.empty()) return;
  for (int column = 1; column <= table_.column_count(); ++column) {
    std::vector<KnownRow> found;
    for (int row = header_row_ + 1; row <= table_.row_count(); ++row)
      if (const auto at = bases.find(trim(table_.at(row, column).text())); at != bases.end())
        found.push_back({row, at->second});
    if (found.size() > known_.size()) known_ = std::move(found);
  }
}

ColumnEvidence::Score ColumnEvidence::score(const ColumnMap& map, int column) const {
  Score score;
  for (const KnownRow& known : known_) {
    const Value& agreed = known.base->get(map.field);
    if (is_blank(agreed)) continue;
    const Converted cell = from_cell(table_.at(known.row, column), map.type, order_);
    score.same_row += cell.rejected.empty() && same_value(cell.value, agreed);
  }
  std::set<Value> agreed;
  for (const TabRecord& r : records_)
    if (r.base && !is_blank(r.base->get(map.field))) agreed.insert(r.base->get(map.field));
  for (int row = header_row_ + 1; row <= table_.row_count(); ++row) {
    const Converted cell = from_cell(table_.at(row, column), map.type, order_);
    score.any_row += cell.rejected.empty() && !is_blank(cell.value) && agreed.contains(cell.value);
  }
  return score;
}

Ahead compare(const ColumnEvidence::Score& first, const ColumnEvidence::Score& second) {
  const auto ahead = [](int a, int b) { return a > 2 * b ? Ahead::first : b > 2 * a ? Ahead::second : Ahead::neither; };
  const Ahead by_rows = ahead(first.same_row, second.same_row);
  return by_rows != Ahead::neither ? by_rows : ahead(first.any_row, second.any_row);
}

}  // namespace rowlane::plan
