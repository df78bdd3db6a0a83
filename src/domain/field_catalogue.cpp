#include "domain/field_catalogue.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <mutex>

namespace rowlane {

namespace {

struct Shipped {
  std::string_view name;
  FieldType type;
};
constexpr std::array<Shipped, field::shipped_count> kShipped = {{
    {"name", FieldType::text},
    {"mobile_number", FieldType::text},
    {"email", FieldType::text},
    {"current_policy_no", FieldType::text},
    {"company", FieldType::text},
    {"registration_no", FieldType::text},
    {"premium", FieldType::money},
    {"premium_mode", FieldType::text},
    {"last_year_premium", FieldType::money},
    {"renewal_date", FieldType::date},
    {"od_expiry_date", FieldType::date},
    {"tp_expiry_date", FieldType::date},
    {"payment_date", FieldType::date},
    {"policy_start_date", FieldType::date},
    {"status", FieldType::text},
    {"thank_you_sent", FieldType::boolean},
    {"new_policy_no", FieldType::text},
    {"new_company", FieldType::text},
    {"product_type", FieldType::text},
    {"product_model", FieldType::text},
    {"vertical", FieldType::choice},
    {"notes", FieldType::text},
    {"cheque_no", FieldType::text},
    {"bank_name", FieldType::text},
    {"customer_id", FieldType::text},
    {"agent_code", FieldType::text},
    {"g_code", FieldType::text},
    {"dob", FieldType::date},
    {"gst_no", FieldType::text},
    {"pancard", FieldType::text},
    {"aadhar_card", FieldType::text},
    {"paid_by", FieldType::text},
}};

// Money beyond this loses cents as a double in the sheet: 2^53 hundredths.
constexpr std::int64_t kHundredthsMax = std::int64_t{1} << 53;
constexpr std::size_t kTextBytesMax = 256 * 1024;

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

struct Reader {
  std::string_view left;
  bool bad = false;

  std::uint8_t byte() {
    if (left.empty()) return bad = true, 0;
    const auto value = static_cast<std::uint8_t>(left.front());
    left.remove_prefix(1);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      value |= static_cast<std::uint64_t>(part & 0x7f) << shift;
      if (!(part & 0x80)) return value;
    }
    return bad = true, 0;
  }
  std::string_view bytes() {
    const std::uint64_t length = varint();
    if (length > left.size()) return bad = true, std::string_view();
    const std::string_view out = left.substr(0, length);
    left.remove_prefix(length);
    return out;
  }
};

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

constexpr std::uint8_t kExtraMarker = 0xff;
constexpr std::uint8_t kBlank = 0, kText = 1, kMoney = 2, kDate = 3, kFalse = 4, kTrue = 5;

void put_value(std::string& out, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    out += static_cast<char>(kText);
    put_varint(out, text->size());
    out += *text;
  } else if (const auto* money = std::get_if<Money>(&value)) {
    out += static_cast<char>(kMoney);
    put_varint(out, zigzag(money->hundredths));
  } else if (const auto* date = std::get_if<Date>(&value)) {
    out += static_cast<char>(kDate);
    put_varint(out, zigzag(date->days));
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    out += static_cast<char>(*flag ? kTrue : kFalse);
  } else {
    out += static_cast<char>(kBlank);
  }
}

Value take_value(Reader& in) {
  switch (in.byte()) {
    case kBlank:
      return {};
    case kText:
      return std::string(in.bytes());
    case kMoney:
      return Money{unzigzag(in.varint())};
    case kDate:
      return Date{static_cast<std::int32_t>(unzigzag(in.varint()))};
    case kFalse:
      return false;
    case kTrue:
      return true;
    default:
      in.bad = true;
      return {};
  }
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The text an API client may store: UTF-8 without NUL. Nothing else is changed or checked.
Status check_text(std::string_view name, std::string_view text) {
  if (text.size() > kTextBytesMax)
    return fail(Errc::invalid_input, fmt::format("{} is longer than {} bytes", name, kTextBytesMax), std::string(name));
  if (text.contains('\0'))
    return fail(Errc::invalid_input, fmt::format("{} contains a NUL character", name), std::string(name));
  if (!is_utf8(text))
    return fail(Errc::invalid_input, fmt::format("{} is not valid UTF-8 text", name), std::string(name));
  return {};
}

std::string vertical_list() { return fmt::format("{}", fmt::join(verticals(), ", ")); }

}  // namespace

std::string_view to_string(FieldType type) {
  switch (type) {
    case FieldType::text:
      return "text";
    case FieldType::money:
      return "money";
    case FieldType::date:
      return "date";
    case FieldType::boolean:
      return "boolean";
    case FieldType::choice:
      return "choice";
  }
  std::unreachable();
}

std::optional<FieldType> field_type_from(std::string_view name) {
  for (const FieldType type : {FieldType::text, FieldType::money, FieldType::date, FieldType::boolean})
    if (to_string(type) == name) return type;
  return std::nullopt;
}

const std::vector<std::string>& verticals() {
  static const std::vector<std::string> kVerticals = {"motor", "health", "non-motor", "2-wheeler", "general", "life"};
  return kVerticals;
}

bool is_vertical(std::string_view name) {
  return std::find(verticals().begin(), verticals().end(), name) != verticals().end();
}

FieldCatalogue::FieldCatalogue() = default;

FieldId FieldCatalogue::add_extra(std::string_view name) {
  if (const auto known = find(name)) return *known;
  const std::unique_lock lock(mutex_);
  const auto at = std::find(extras_.begin(), extras_.end(), name);
  const auto index = static_cast<std::size_t>(at - extras_.begin());
  if (at == extras_.end()) extras_.emplace_back(name);
  return static_cast<FieldId>(field::shipped_count + index);
}

std::optional<FieldId> FieldCatalogue::find(std::string_view name) const {
  for (std::size_t i = 0; i < kShipped.size(); ++i)
    if (kShipped[i].name == name) return static_cast<FieldId>(i);
  const std::shared_lock lock(mutex_);
  for (std::size_t i = 0; i < extras_.size(); ++i)
    if (extras_[i] == name) return static_cast<FieldId>(field::shipped_count + i);
  return std::nullopt;
}

std::string_view FieldCatalogue::name(FieldId field) const {
  if (field < field::shipped_count) return kShipped[field].name;
  const std::shared_lock lock(mutex_);
  return extras_[field - field::shipped_count];
}

FieldType FieldCatalogue::type(FieldId field) const {
  return field < field::shipped_count ? kShipped[field].type : FieldType::text;
}

std::string FieldCatalogue::encode(const Fields& fields, bool keep_blank) const {
  std::string out;
  for (const auto& [id, value] : fields.entries()) {
    if (!keep_blank && value.index() == 0) continue;
    if (is_extra(id)) {
      out += static_cast<char>(kExtraMarker);
      const std::string_view own = name(id);
      put_varint(out, own.size());
      out += own;
    } else {
      out += static_cast<char>(id);
    }
    put_value(out, value);
  }
  return out;
}

Result<Fields> FieldCatalogue::decode(std::string_view blob) {
  Reader in{blob};
  Fields out;
  while (!in.left.empty() && !in.bad) {
    const std::uint8_t head = in.byte();
    FieldId id = head;
    if (head == kExtraMarker)
      id = add_extra(in.bytes());
    else if (head >= field::shipped_count)
      in.bad = true;
    Value value = take_value(in);
    if (!in.bad) out.set(id, std::move(value));
  }
  if (in.bad) return fail(Errc::corrupt, "a stored record cannot be read back");
  return out;
}

Json FieldCatalogue::to_json(const Value& value) const {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* money = std::get_if<Money>(&value)) return JsonNumber{money_text(*money)};
  if (const auto* date = std::get_if<Date>(&value)) return date_text(*date);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  return nullptr;
}

Result<Value> FieldCatalogue::from_json(FieldId field, const Json& json) const {
  const std::string name(FieldCatalogue::name(field));
  const auto expected = [&](std::string_view what) {
    return fail(Errc::invalid_input, fmt::format("{} must be {}", name, what), name);
  };
  if (json.is_null()) return Value{};
  const std::string* text = json.if_string();
  if (text) {
    if (const Status ok = check_text(name, *text); !ok) return std::unexpected(ok.error());
  }
  switch (type(field)) {
    case FieldType::text:
      if (!text) return expected("a text or null");
      return Value{*text};
    case FieldType::choice:
      if (!text || !is_vertical(*text)) return expected("one of " + vertical_list());
      return Value{*text};
    case FieldType::date: {
      if (!text) return expected("a date like 2026-04-03 or null");
      if (text->empty()) return Value{};
      const auto date = parse_iso_date(*text);
      if (!date) return expected("a date like 2026-04-03 that the calendar has");
      return Value{*date};
    }
    case FieldType::boolean: {
      const bool* flag = json.if_bool();
      if (!flag) return expected("true, false or null");
      return Value{*flag};
    }
    case FieldType::money: {
      const auto number = json.as_double();
      if (!number) return expected("a number or null");
      const double hundredths = std::round(*number * 100);
      if (std::fabs(hundredths) >= static_cast<double>(kHundredthsMax))
        return expected("an amount below 90,000,000,000,000");
      // Through the decimal text, so that 1.005 rounds as written and not as its binary neighbour.
      if (const auto exact = parse_plain_money(json.if_number()->text)) return Value{*exact};
      return Value{Money{static_cast<std::int64_t>(hundredths)}};
    }
  }
  std::unreachable();
}

Result<Value> FieldCatalogue::from_csv(FieldId field, std::string_view text) const {
  const std::string name(FieldCatalogue::name(field));
  if (const Status ok = check_text(name, text); !ok) return std::unexpected(ok.error());
  if (text.empty()) return Value{};
  switch (type(field)) {
    case FieldType::text:
      return Value{std::string(text)};
    case FieldType::choice:
      if (!is_vertical(text))
        return fail(Errc::invalid_input, fmt::format("{} must be one of {}", name, vertical_list()), name);
      return Value{std::string(text)};
    case FieldType::date: {
      const auto date = parse_iso_date(text);
      if (!date)
        return fail(Errc::invalid_input, fmt::format("{} must be a date like 2026-04-03 that the calendar has", name),
                    name);
      return Value{*date};
    }
    case FieldType::boolean:
      if (text == "true" || text == "TRUE") return Value{true};
      if (text == "false" || text == "FALSE") return Value{false};
      return fail(Errc::invalid_input, fmt::format("{} must be true or false", name), name);
    case FieldType::money: {
      const auto money = parse_plain_money(text);
      if (!money) return fail(Errc::invalid_input, fmt::format("{} must be a number like 125000.50", name), name);
      return Value{*money};
    }
  }
  std::unreachable();
}

std::string money_text(Money money) {
  const std::uint64_t size = money.hundredths < 0 ? 0 - static_cast<std::uint64_t>(money.hundredths)
                                                  : static_cast<std::uint64_t>(money.hundredths);
  const char* sign = money.hundredths < 0 ? "-" : "";
  if (size % 100 == 0) return fmt::format("{}{}", sign, size / 100);
  return fmt::format("{}{}.{:02}", sign, size / 100, size % 100);
}

// [-+]digits[.digits], rounded half away from zero at two decimals.
std::optional<Money> parse_plain_money(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, dot);
  const std::string_view part = dot < text.size() ? text.substr(dot + 1) : std::string_view();
  if (whole.empty() && part.empty()) return std::nullopt;
  const auto is_digits = [](std::string_view t) {
    return std::all_of(t.begin(), t.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!is_digits(whole) || !is_digits(part) || whole.size() > 14) return std::nullopt;
  std::int64_t hundredths = 0;
  for (const char c : whole) hundredths = hundredths * 10 + (c - '0');
  const auto digit = [&](std::size_t i) { return i < part.size() ? part[i] - '0' : 0; };
  hundredths = hundredths * 100 + digit(0) * 10 + digit(1) + (digit(2) >= 5 ? 1 : 0);
  if (hundredths >= kHundredthsMax) return std::nullopt;
  return Money{negative ? -hundredths : hundredths};
}

std::string date_text(Date date) {
  const std::chrono::year_month_day ymd{std::chrono::sys_days{std::chrono::days{date.days}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()));
}

std::optional<Date> make_date(int year, int month, int day) {
  if (year < 1900 || year > 9999) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                        std::chrono::day{static_cast<unsigned>(day)}};
  if (!ymd.ok()) return std::nullopt;
  return Date{static_cast<std::int32_t>(std::chrono::sys_days{ymd}.time_since_epoch().count())};
}

std::optional<Date> parse_iso_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)), day = digits(text.substr(8, 2));
  if (!year || !month || !day || *month < 1 || *day < 1) return std::nullopt;
  return make_date(*year, *month, *day);
}

}  // namespace rowlane
