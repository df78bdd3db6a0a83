// Which fields a record has, and each one's type: the shipped fields, then those that agencies map of their own.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/value.hpp"

namespace rowlane {

enum class FieldType { text, money, date, boolean, choice };
std::string_view to_string(FieldType type);
std::optional<FieldType> field_type_from(std::string_view name);

// Ids of the shipped fields. Their order is part of the stored form: never change it, append at the end.
namespace field {
enum : FieldId {
  name,
  mobile_number,
  email,
  current_policy_no,
  company,
  registration_no,
  premium,
  premium_mode,
  last_year_premium,
  renewal_date,
  od_expiry_date,
  tp_expiry_date,
  payment_date,
  policy_start_date,
  status,
  thank_you_sent,
  new_policy_no,
  new_company,
  product_type,
  product_model,
  vertical,
  notes,
  cheque_no,
  bank_name,
  customer_id,
  agent_code,
  g_code,
  dob,
  gst_no,
  pancard,
  aadhar_card,
  paid_by,
  shipped_count
};
}  // namespace field

// The verticals, in the order shown.
const std::vector<std::string>& verticals();
bool is_vertical(std::string_view name);

// One a process, shared by all agencies and threads: ids of further fields are the same everywhere, and only grow.
class FieldCatalogue {
 public:
  FieldCatalogue();
  FieldCatalogue(const FieldCatalogue&) = delete;
  FieldCatalogue& operator=(const FieldCatalogue&) = delete;
  // Adds a text field of the agency's own; the name of a known field gives that one.
  FieldId add_extra(std::string_view name);

  [[nodiscard]] std::optional<FieldId> find(std::string_view name) const;
  [[nodiscard]] std::string_view name(FieldId field) const;
  [[nodiscard]] FieldType type(FieldId field) const;
  [[nodiscard]] static bool is_extra(FieldId field) { return field >= field::shipped_count; }

  // Compact binary form: shipped fields by number, others by name. Blank values are left out when `keep_blank`
  // is false; base keeps them ("both sides are blank").
  [[nodiscard]] std::string encode(const Fields& fields, bool keep_blank = false) const;
  // Unknown extra names are added to `this`, so values of a column that was unmapped meanwhile are not lost.
  Result<Fields> decode(std::string_view blob);

  // A value as the API shows it: money a number, dates "YYYY-MM-DD", blank null.
  [[nodiscard]] Json to_json(const Value& value) const;
  // Reads a member of a request. invalid_input names the field and says what was expected.
  [[nodiscard]] Result<Value> from_json(FieldId field, const Json& json) const;
  // Reads a field of a CSV line; "" is blank. The spelling of the export: ISO dates, plain numbers, true/false.
  [[nodiscard]] Result<Value> from_csv(FieldId field, std::string_view text) const;

 private:
  mutable std::shared_mutex mutex_;  // guards extras_
  std::deque<std::string> extras_;   // never moves, so names stay valid
};

// "125000.50"; whole amounts without decimals: "1250".
std::string money_text(Money money);
std::optional<Money> parse_plain_money(std::string_view text);
std::string date_text(Date date);  // "2026-04-03"
std::optional<Date> parse_iso_date(std::string_view text);
std::optional<Date> make_date(int year, int month, int day);

}  // namespace rowlane
