#include "domain/tab_layout.hpp"

namespace rowlane {

std::optional<DateOrder> date_order_from(std::string_view name) {
  if (name == "dmy") return DateOrder::dmy;
  if (name == "mdy") return DateOrder::mdy;
  if (name == "ymd") return DateOrder::ymd;
  return std::nullopt;
}

std::string_view to_string(DateOrder order) {
  return order == DateOrder::dmy ? "dmy" : order == DateOrder::mdy ? "mdy" : "ymd";
}

std::optional<NewRows> new_rows_from(std::string_view name) {
  if (name == "finder") return NewRows::finder;
  if (name == "manager") return NewRows::manager;
  if (name == "leave") return NewRows::leave;
  return std::nullopt;
}

const ColumnMap* TabLayout::column_of(FieldId field) const {
  for (const ColumnMap& column : columns)
    if (column.field == field) return &column;
  return nullptr;
}

bool TabLayout::is_key_field(FieldId field) const {
  for (const auto& natural : keys)
    if (std::find(natural.begin(), natural.end(), field) != natural.end()) return true;
  return false;
}

bool TabLayout::holds(std::string_view vertical) const {
  return std::find(verticals.begin(), verticals.end(), vertical) != verticals.end();
}

std::vector<std::vector<FieldId>> default_keys() {
  return {{field::current_policy_no}, {field::registration_no}, {field::name, field::mobile_number}};
}

const TabLayout* AgencySettings::find_tab(std::string_view key_or_title) const {
  for (const TabLayout& tab : tabs)
    if (tab.key == key_or_title) return &tab;
  for (const TabLayout& tab : tabs)
    if (tab.title == key_or_title) return &tab;
  return nullptr;
}

const TabLayout* AgencySettings::tab_of(std::string_view vertical) const {
  for (const TabLayout& tab : tabs)
    if (tab.holds(vertical)) return &tab;
  return nullptr;
}

}  // namespace rowlane
