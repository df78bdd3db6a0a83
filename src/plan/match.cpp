#include "plan/match.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <unordered_map>

#include "base/text.hpp"
#include "domain/convert.hpp"
#include "plan/natural_key.hpp"

namespace rowlane::plan {

namespace {

// Ids on rows whose natural keys name other records, from which on the whole id column is not believed.
constexpr int kTornIdsMin = 3;

class Matcher {
 public:
  Matcher(const TabLayout& layout, const SheetTable& table, const TabColumns& columns,
          const std::vector<TabRecord>& records, DateOrder order)
      : layout_(layout), table_(table), columns_(columns), records_(records), order_(order) {}

  Matching run() {
    const auto rows = static_cast<std::size_t>(table_.row_count()) + 1;
    out_.row_of.assign(records_.size(), 0);
    out_.record_of.assign(rows, -1);
    out_.write_id.assign(rows, false);
    out_.filled.assign(rows, false);
    out_.is_ambiguous.assign(records_.size(), false);
    read_records();
    read_rows();
    match_ids();
    for (std::size_t key = 0; key < layout_.keys.size(); ++key) match_key(key, Round::living);
    for (std::size_t key = 0; key < layout_.keys.size(); ++key) match_key(key, Round::tombstones);
    if (is_torn_) match_what_is_left();
    report_duplicates();
    report_rows_above();
    std::sort(out_.ambiguous.begin(), out_.ambiguous.end(),
              [](const AmbiguousRecord& a, const AmbiguousRecord& b) { return a.record < b.record; });
    return std::move(out_);
  }

 private:
  enum class Round { living, tombstones };
  struct Row {
    int number;
    std::string id;  // the id cell's text, "" none
    NaturalKeys keys;
  };
  using Index = std::unordered_map<std::string_view, int>;  // a key -> the one record, kMany for several
  static constexpr int kMany = -1;

  [[nodiscard]] bool living(int record) const { return !records_[record].record->deleted_at; }

  // A record that has nothing to seek here: one of another tab that never had a row here, or a tombstone whose row is
  // gone. A row with its key or id is a person's, typed or pasted again.
  [[nodiscard]] bool is_over(int record) const {
    const TabRecord& r = records_[static_cast<std::size_t>(record)];
    return !r.base && (r.record->deleted_at ? r.record->sync == SyncState::synced : !r.belongs);
  }

  // Records that may own a row of this tab: those that belong here, and those that had a row here.
  [[nodiscard]] bool eligible(int record) const { return records_[record].belongs || records_[record].base; }

  void read_records() {
    record_keys_.reserve(records_.size());
    by_id_.reserve(records_.size());
    for (std::size_t i = 0; i < records_.size(); ++i) {
      if (!is_over(static_cast<int>(i))) by_id_.emplace(records_[i].record->public_id, static_cast<int>(i));
      record_keys_.push_back(keys_of(records_[i].record->fields, layout_));
    }
  }

  void read_rows() {
    std::vector<std::vector<int>> key_columns;  // per key: the column of each of its fields, 0 where not mapped
    for (const auto& key : layout_.keys) {
      std::vector<int> found;
      for (const FieldId field : key) {
        int column = 0;
        for (std::size_t i = 0; i < layout_.columns.size(); ++i)
          if (layout_.columns[i].field == field) column = columns_.columns[i].column;
        found.push_back(column);
      }
      key_columns.push_back(std::move(found));
    }
    for (int row = 1; row <= table_.row_count(); ++row) {
      if (row == columns_.header_row || (row < columns_.header_row && !has_known_id(row))) continue;
      Row read{.number = row, .id = {}, .keys = {}};
      const Cell& id = table_.at(row, columns_.id_column);
      if (id.kind == CellKind::text) read.id = std::string(trim(id.text()));
      bool filled = false;
      for (const ColumnPlan& column : columns_.columns) {
        if (!column.column) continue;
        const Cell& cell = table_.at(row, column.column);
        // A check box that nobody ticked is not content.
        filled |= !cell.is_empty() && !(cell.kind == CellKind::boolean && !cell.is_computed());
      }
      out_.filled[static_cast<std::size_t>(row)] = filled;
      if (!filled && read.id.empty()) continue;
      read.keys.reserve(key_columns.size());
      for (const auto& key : key_columns) read.keys.push_back(row_key(row, key));
      rows_.push_back(std::move(read));
    }
  }

  // Somebody sorted the header in among the records: those above it are the same rows still.
  [[nodiscard]] bool has_known_id(int row) const {
    const Cell& id = table_.at(row, columns_.id_column);
    return id.kind == CellKind::text && by_id_.contains(trim(id.text()));
  }

  [[nodiscard]] std::string row_key(int row, const std::vector<int>& key_columns) {
    parts_.clear();
    converted_.clear();
    converted_.reserve(key_columns.size());  // so that what `parts_` points at stays
    for (const int column : key_columns) {
      if (!column) return {};
      const Cell& cell = table_.at(row, column);
      if (cell.kind == CellKind::error) return {};
      if (cell.kind == CellKind::text) {
        parts_.push_back(cell.text());
        continue;
      }
      Converted text = from_cell(cell, FieldType::text, order_);
      auto* found = std::get_if<std::string>(&text.value);
      if (!found) return {};
      parts_.push_back(converted_.emplace_back(std::move(*found)));
    }
    return join_key(parts_);
  }

  void claim(const Row& row, int record) {
    out_.row_of[static_cast<std::size_t>(record)] = row.number;
    out_.record_of[static_cast<std::size_t>(row.number)] = record;
    if (row.id != records_[record].record->public_id) out_.write_id[static_cast<std::size_t>(row.number)] = true;
  }
  [[nodiscard]] bool claimed(const Row& row) const { return out_.record_of[static_cast<std::size_t>(row.number)] >= 0; }
  [[nodiscard]] bool claimed(int record) const { return out_.row_of[static_cast<std::size_t>(record)] != 0; }

  // The one living record that a key of the row names, by its strongest key that is not blank; kMany (-1) for none or
  // many.
  [[nodiscard]] int named_by(const Row& row) const {
    for (std::size_t key = 0; key < row.keys.size(); ++key) {
      if (row.keys[key].empty()) continue;
      const auto at = record_index_[key].find(row.keys[key]);
      if (at == record_index_[key].end()) return -1;
      return at->second;
    }
    return -1;
  }

  // The row agrees with what was last known of the record: on a natural key or on most filled cells.
  [[nodiscard]] bool agrees(const Row& row, int record) const {
    const Fields* base = records_[record].base;
    if (!base) return shares_key(row.keys, record_keys_[static_cast<std::size_t>(record)]);
    if (shares_key_of(*base, row, record)) return true;
    const Agreement cells = agreement(row, *base);
    return cells.filled > 0 && cells.same * 2 > cells.filled;
  }
  // Of the fields filled in `known`, those whose cells hold the same.
  struct Agreement {
    int same = 0, filled = 0;
  };
  [[nodiscard]] Agreement agreement(const Row& row, const Fields& known) const {
    Agreement out;
    for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
      const int column = columns_.columns[i].column;
      const Value& value = known.get(layout_.columns[i].field);
      if (!column || is_blank(value)) continue;
      ++out.filled;
      const Converted cell = from_cell(table_.at(row.number, column), layout_.columns[i].type, order_);
      if (cell.rejected.empty() && same_value(cell.value, value)) ++out.same;
    }
    return out;
  }
  static bool shares_key(const NaturalKeys& a, const NaturalKeys& b) {
    for (std::size_t key = 0; key < a.size(); ++key)
      if (!a[key].empty() && a[key] == b[key]) return true;
    return false;
  }

  // Most records are as in base, so most keys of base are made already.
  [[nodiscard]] bool shares_key_of(const Fields& base, const Row& row, int record) const {
    const Fields& present = records_[record].record->fields;
    for (std::size_t key = 0; key < row.keys.size(); ++key) {
      if (row.keys[key].empty()) continue;
      const auto& fields = layout_.keys[key];
      const bool unchanged = std::all_of(fields.begin(), fields.end(),
                                         [&](FieldId field) { return base.text(field) == present.text(field); });
      if (row.keys[key] == (unchanged ? record_keys_[static_cast<std::size_t>(record)][key] : key_of(base, fields)))
        return true;
    }
    return false;
  }

  void index_living() {
    record_index_.assign(layout_.keys.size(), {});
    for (Index& index : record_index_) index.reserve(records_.size());
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const int record = static_cast<int>(i);
      if (!living(record) || !eligible(record)) continue;
      for (std::size_t key = 0; key < layout_.keys.size(); ++key)
        if (const std::string& text = record_keys_[i][key]; !text.empty())
          if (const auto [at, fresh] = record_index_[key].try_emplace(text, record); !fresh) at->second = kMany;
    }
  }

  void match_ids() {
    index_living();
    std::vector<int> carried(rows_.size(), -1), named(rows_.size(), -1);  // by row: the record of its id, of its keys
    std::vector<int> carriers(records_.size(), 0);                        // rows that carry the record's id
    int torn = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      named[i] = named_by(rows_[i]);
      const auto at = by_id_.find(rows_[i].id);
      if (at == by_id_.end()) continue;
      carried[i] = at->second;
      ++carriers[static_cast<std::size_t>(at->second)];
      if (named[i] >= 0 && named[i] != at->second && !agrees(rows_[i], at->second)) ++torn;
    }
    if (torn >= kTornIdsMin) {
      is_torn_ = true;
      out_.notices.push_back(
          {layout_.key, "id_column_torn",
           fmt::format("the column {} was sorted or pasted apart from its rows ({} ids are on other records' "
                       "rows); the ids were set anew from the natural keys, no record was changed",
                       kIdHeader, torn)});
      return;
    }
    std::vector<bool> named_elsewhere(records_.size(), false);  // a row without its id has a natural key that names it
    for (std::size_t i = 0; i < rows_.size(); ++i)
      if (named[i] >= 0 && rows_[i].id != records_[named[i]].record->public_id)
        named_elsewhere[static_cast<std::size_t>(named[i])] = true;
    const std::vector<Copy> best = best_copies(carried, carriers);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const int record = carried[i];
      if (record < 0 || claimed(record)) continue;
      const auto at = static_cast<std::size_t>(record);
      const bool is_copied = carriers[at] > 1;
      if (agrees(rows_[i], record)) {
        if (!is_copied || best[at].row == i) claim(rows_[i], record);
        continue;
      }
      const bool contested = (named[i] >= 0 && named[i] != record) || named_elsewhere[at] || best[at].same >= 0;
      if (!contested) claim(rows_[i], record);
    }
  }

  // After a torn id column neither id nor key tells the row of a record without a natural key; all that was agreed on
  // does, where one row alone holds it. A record that finds none so may have a row all the same: it gets no second one.
  void match_what_is_left() {
    std::map<std::string, std::vector<std::size_t>> rows_by_cells;
    for (std::size_t i = 0; i < rows_.size(); ++i)
      if (!claimed(rows_[i])) rows_by_cells[cells_of(rows_[i])].push_back(i);
    std::map<std::string, int> records_by_cells;
    std::vector<int> left;
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const int record = static_cast<int>(i);
      if (claimed(record) || out_.is_ambiguous[i] || !records_[i].base) continue;
      if (std::ranges::any_of(record_keys_[i], [](const std::string& key) { return !key.empty(); })) continue;
      left.push_back(record);
      ++records_by_cells[cells_of(*records_[i].base)];
    }
    for (const int record : left) {
      const std::string cells = cells_of(*records_[static_cast<std::size_t>(record)].base);
      const auto rows = rows_by_cells.find(cells);
      if (rows != rows_by_cells.end() && rows->second.size() == 1 && records_by_cells[cells] == 1)
        claim(rows_[rows->second.front()], record);
      else
        report_lost(record, rows != rows_by_cells.end() ? rows->second : std::vector<std::size_t>{});
    }
  }
  void report_lost(int record, const std::vector<std::size_t>& rows) {
    AmbiguousRecord found{.record = record, .key = 0, .rows = {}, .reason = {}};
    for (const std::size_t i : rows) found.rows.push_back(rows_[i].number);
    found.reason = "the column of ids was torn, and no natural key tells which row is this record's";
    out_.is_ambiguous[static_cast<std::size_t>(record)] = true;
    out_.ambiguous.push_back(std::move(found));
  }
  // Its mapped cells, as one text to be compared.
  [[nodiscard]] std::string cells_of(const Row& row) const {
    return joined([&](std::size_t i) {
      const int column = columns_.columns[i].column;
      const Converted cell = from_cell(table_.at(row.number, column), layout_.columns[i].type, order_);
      return column && cell.rejected.empty() ? cell.value : Value{};
    });
  }
  [[nodiscard]] std::string cells_of(const Fields& base) const {
    return joined(
        [&](std::size_t i) { return columns_.columns[i].column ? base.get(layout_.columns[i].field) : Value{}; });
  }
  template <class ValueOf>
  [[nodiscard]] std::string joined(ValueOf value_of) const {
    std::string out;
    for (std::size_t i = 0; i < layout_.columns.size(); ++i) {
      const Value value = value_of(i);
      out += '\x1f';
      if (const auto* text = std::get_if<std::string>(&value))
        out += *text;
      else if (const auto* money = std::get_if<Money>(&value))
        out += std::to_string(money->hundredths);
      else if (const auto* date = std::get_if<Date>(&value))
        out += std::to_string(date->days);
      else if (const auto* box = std::get_if<bool>(&value))
        out += *box ? "true" : "";  // a box that nobody ticked is a blank
    }
    return out;
  }

  struct Copy {
    std::size_t row = 0;
    int same = -1;  // cells; none agrees
  };
  // Of several rows with one id that agree with the record, the one that does so in most cells; of equals the first.
  [[nodiscard]] std::vector<Copy> best_copies(const std::vector<int>& carried, const std::vector<int>& carriers) const {
    std::vector<Copy> best(records_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const int record = carried[i];
      if (record < 0 || carriers[static_cast<std::size_t>(record)] < 2 || !agrees(rows_[i], record)) continue;
      const TabRecord& r = records_[static_cast<std::size_t>(record)];
      const int same = agreement(rows_[i], r.base ? *r.base : r.record->fields).same;
      if (Copy& copy = best[static_cast<std::size_t>(record)]; same > copy.same) copy = {i, same};
    }
    return best;
  }

  // A weaker key counts only where every stronger one is blank on at least one side.
  static bool comparable(const NaturalKeys& a, const NaturalKeys& b, std::size_t key) {
    for (std::size_t stronger = 0; stronger < key; ++stronger)
      if (!a[stronger].empty() && !b[stronger].empty()) return false;
    return true;
  }
  // The field of a stronger key that the tab does not map is blank in every row, so rows need no special case.
  [[nodiscard]] bool is_strongest(const NaturalKeys& keys, std::size_t key) const {
    for (std::size_t stronger = 0; stronger < key; ++stronger)
      if (!keys[stronger].empty() && is_mapped(stronger)) return false;
    return true;
  }
  [[nodiscard]] bool is_mapped(std::size_t key) const {
    return std::all_of(layout_.keys[key].begin(), layout_.keys[key].end(),
                       [&](FieldId field) { return layout_.column_of(field) != nullptr; });
  }

  struct Group {
    std::vector<int> records;
    std::vector<std::size_t> rows;
  };

  void match_key(std::size_t key, Round round) {
    if (!is_mapped(key)) return;
    const auto takes_part = [&](int record) {
      const auto i = static_cast<std::size_t>(record);
      return !record_keys_[i][key].empty() && eligible(record) && !out_.is_ambiguous[i] &&
             living(record) == (round == Round::living) && !is_over(record);
    };
    std::unordered_map<std::string_view, Group> groups;
    for (std::size_t i = 0; i < records_.size(); ++i)
      if (const int record = static_cast<int>(i); !claimed(record) && takes_part(record))
        groups.try_emplace(record_keys_[i][key]);
    if (groups.empty()) return;  // mostly: every record has its row by its id
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const int record = static_cast<int>(i);
      if (!takes_part(record)) continue;
      // A claimed record still holds its key: a second one with it is not taken for new.
      if (const auto at = groups.find(record_keys_[i][key]); at != groups.end()) at->second.records.push_back(record);
    }
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].keys[key].empty() || claimed(rows_[i])) continue;
      if (const auto at = groups.find(rows_[i].keys[key]); at != groups.end()) at->second.rows.push_back(i);
    }
    for (auto& [text, group] : groups) settle_group(key, group);
  }

  void settle_group(std::size_t key, const Group& group) {
    std::vector<int> open;  // unclaimed records for which this key is a question here
    for (const int record : group.records)
      if (!claimed(record)) open.push_back(record);
    if (open.empty()) return;
    for (const int record : open) {
      const NaturalKeys& mine = record_keys_[static_cast<std::size_t>(record)];
      std::vector<std::size_t> rows;
      for (const std::size_t i : group.rows)
        if (!claimed(rows_[i]) && comparable(mine, rows_[i].keys, key)) rows.push_back(i);
      // Others that hold the same key and cannot be told apart by a stronger one.
      const auto rivals = std::count_if(group.records.begin(), group.records.end(), [&](int other) {
        if (other == record) return false;
        const NaturalKeys& theirs = record_keys_[static_cast<std::size_t>(other)];
        if (!rows.empty())
          return !claimed(other) && std::any_of(rows.begin(), rows.end(),
                                                [&](std::size_t i) { return comparable(theirs, rows_[i].keys, key); });
        return is_strongest(mine, key) && is_strongest(theirs, key);
      });
      if (rows.size() == 1 && rivals == 0) {
        claim(rows_[rows.front()], record);
      } else if (rows.size() > 1 || rivals > 0) {
        AmbiguousRecord found{.record = record, .key = key, .rows = {}, .reason = {}};
        for (const std::size_t i : rows) found.rows.push_back(rows_[i].number);
        if (rows.empty())
          for (const int other : group.records)
            if (claimed(other)) found.rows.push_back(out_.row_of[static_cast<std::size_t>(other)]);
        found.reason = found.rows.empty()
                           ? std::string("another record has the same natural key")
                           : fmt::format("the natural key stands in rows {}", fmt::join(found.rows, ", "));
        newly_ambiguous_.push_back(std::move(found));
      }
    }
    for (AmbiguousRecord& found : newly_ambiguous_) {
      out_.is_ambiguous[static_cast<std::size_t>(found.record)] = true;
      out_.ambiguous.push_back(std::move(found));
    }
    newly_ambiguous_.clear();
  }

  void report_rows_above() {
    const auto above = std::count_if(rows_.begin(), rows_.end(),
                                     [&](const Row& row) { return row.number < columns_.header_row && claimed(row); });
    if (above == 0) return;
    out_.notices.push_back(
        {layout_.key, "header_moved",
         fmt::format("{} records stand above the headers, which are in row {}; they are synced where "
                     "they are. Move the headers to the top",
                     above, columns_.header_row)});
  }

  // Rows that carry the id of a record, or a living record's key, that has another row: kept, and told.
  void report_duplicates() {
    for (const Row& row : rows_) {
      if (claimed(row)) continue;
      const auto at = by_id_.find(row.id);
      if (at == by_id_.end() || !claimed(at->second) || named_by(row) < 0) continue;
      out_.notices.push_back({layout_.key, "duplicate_row",
                              fmt::format("row {} carries the id of the record in row {}; it was left as it is",
                                          row.number, out_.row_of[static_cast<std::size_t>(at->second)])});
    }
  }

  const TabLayout& layout_;
  const SheetTable& table_;
  const TabColumns& columns_;
  const std::vector<TabRecord>& records_;
  const DateOrder order_;
  std::unordered_map<std::string_view, int> by_id_;
  std::vector<NaturalKeys> record_keys_;
  std::vector<Row> rows_;
  std::vector<Index> record_index_;  // a key -> living records that hold it
  std::vector<AmbiguousRecord> newly_ambiguous_;
  std::vector<std::string_view> parts_;  // of the key that is being made
  std::vector<std::string> converted_;
  bool is_torn_ = false;
  Matching out_;
};

}  // namespace

Matching match_rows(const TabLayout& layout, const SheetTable& table, const TabColumns& columns,
                    const std::vector<TabRecord>& records, DateOrder order) {
  return Matcher(layout, table, columns, records, order).run();
}

}  // namespace rowlane::plan
