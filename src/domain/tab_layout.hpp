// How one tab of the spreadsheet is mapped: which records it holds, its natural keys, its field -> header map.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "domain/field_catalogue.hpp"

namespace rowlane {

// The header of the column that holds the records' ids.
inline constexpr std::string_view kIdHeader = "ROWLANE ID";
// Keys of the developer metadata that Rowlane sets: on columns, and its write tokens on the spreadsheet.
inline constexpr std::string_view kColumnMarkKey = "rowlane.column";
inline constexpr std::string_view kTokenMarkKey = "rowlane.pass";
// The value of the id column's mark; other columns' marks hold "TAB_KEY:FIELD".
inline constexpr std::string_view kIdColumnMark = "#id";

enum class DateOrder { dmy, mdy, ymd };
std::optional<DateOrder> date_order_from(std::string_view name);
std::string_view to_string(DateOrder order);

// Whose record a row becomes that a person typed: the user who syncs first, the manager, or nobody's.
enum class NewRows { finder, manager, leave };
std::optional<NewRows> new_rows_from(std::string_view name);

struct ColumnMap {
  FieldId field = 0;
  std::string header;
  FieldType type = FieldType::text;  // the catalogue's, or what `as` says
};

struct TabLayout {
  std::string key;    // "general": the name in results and requests
  std::string title;  // "general_ins": the tab's name at the first connect
  std::vector<std::string> verticals;
  std::string new_vertical;
  NewRows new_rows = NewRows::finder;
  std::vector<std::vector<FieldId>> keys;  // natural keys, strongest first
  std::vector<ColumnMap> columns;          // in the order of a new tab

  [[nodiscard]] const ColumnMap* column_of(FieldId field) const;
  [[nodiscard]] bool is_key_field(FieldId field) const;
  [[nodiscard]] bool holds(std::string_view vertical) const;
};

// The shipped natural keys: policy number; registration number; name with mobile number.
std::vector<std::vector<FieldId>> default_keys();

// What is remembered of a tab between passes.
struct TabState {
  bool connected = false;
  std::int64_t sheet_id = 0;
  std::string title;                           // as last read
  std::map<std::string, std::string> headers;  // field name -> header text as last read

  friend bool operator==(const TabState&, const TabState&) = default;
};

struct AgencySettings {
  AgencyId id;
  std::string key, name, spreadsheet_id, account, on_conflict, time_zone;
  std::vector<std::string> emails;
  bool auto_sync = false;
  DateOrder date_order = DateOrder::dmy;
  std::vector<TabLayout> tabs;

  // By key or by title; null when there is none.
  [[nodiscard]] const TabLayout* find_tab(std::string_view key_or_title) const;
  // The tab that holds records of this vertical; null when none does.
  [[nodiscard]] const TabLayout* tab_of(std::string_view vertical) const;
};

}  // namespace rowlane
