#include "domain/convert.hpp"

#include <doctest/doctest.h>

using namespace rowlane;

namespace {
Value date(int year, int month, int day) { return *make_date(year, month, day); }
Cell number(double value, FormatKind format = FormatKind::none) {
  Cell cell;
  cell.kind = CellKind::number, cell.number = value, cell.format = format;
  return cell;
}
}  // namespace

TEST_CASE("texts in typed columns are read as people mean them, or rejected") {
  struct Case {
    std::string_view text;
    FieldType type;
    Value value;
    bool rejected;
  };
  const Case cases[] = {
      {"Rs 1,25,000.50", FieldType::money, Money{12500050}, false},
      {"1,250/-", FieldType::money, Money{125000}, false},
      {"(500.00)", FieldType::money, Money{-50000}, false},
      {"12,34", FieldType::money, {}, true},
      {"pending", FieldType::money, {}, true},
      {"03/04/2026", FieldType::date, date(2026, 4, 3), false},
      {"9/3/26", FieldType::date, date(2026, 3, 9), false},
      {"3 Apr 2026", FieldType::date, date(2026, 4, 3), false},
      {"2026-04-03", FieldType::date, date(2026, 4, 3), false},
      {"31/02/2026", FieldType::date, {}, true},
      {"N/A", FieldType::date, {}, true},
      {"-", FieldType::date, {}, true},
      {"Motor", FieldType::choice, std::string("motor"), false},
      {"2 wheeler", FieldType::choice, std::string("2-wheeler"), false},
      {" 00123 ", FieldType::text, std::string(" 00123 "), false},
  };
  SheetTable table;
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Converted read = from_cell(table.text_cell(c.text), c.type, DateOrder::dmy);
    CHECK(read.rejected.empty() == !c.rejected);
    CHECK(read.value == c.value);
  }
}

TEST_CASE("numbers become text, money and days without losing a digit, or are rejected") {
  CHECK(from_cell(number(12345), FieldType::text, DateOrder::dmy).value == Value(std::string("12345")));
  CHECK(from_cell(number(1234500000000000), FieldType::text, DateOrder::dmy).value ==
        Value(std::string("1234500000000000")));
  CHECK_FALSE(from_cell(number(1.23456789012346e19), FieldType::text, DateOrder::dmy).rejected.empty());
  CHECK(from_cell(number(0.1 + 0.2), FieldType::money, DateOrder::dmy).value == Value(Money{30}));
  CHECK(from_cell(number(46115, FormatKind::date), FieldType::date, DateOrder::dmy).value == date(2026, 4, 3));
  CHECK_FALSE(from_cell(number(20260403), FieldType::date, DateOrder::dmy).rejected.empty());
}

TEST_CASE("day_of_serial: days of the years 1 to 9999, nothing beyond") {
  struct Case {
    double serial;
    std::optional<std::int32_t> days;
  };
  const Case cases[] = {{25'569, 0},      {25'569.9, 0},
                        {46'115, 20'546}, {-693'593, -719'162},
                        {-693'594, {}},   {2'958'465, 2'932'896},
                        {2'958'466, {}},  {1e300, {}},
                        {-1e300, {}},     {9'007'199'254'740'991.0, {}}};
  for (const Case& c : cases) {
    CAPTURE(c.serial);
    const std::optional<Date> day = day_of_serial(c.serial);
    CHECK(day.has_value() == c.days.has_value());
    if (day && c.days) CHECK(day->days == *c.days);
  }
  Cell far;
  far.kind = CellKind::number, far.number = 4e15, far.format = FormatKind::date;
  CHECK(from_cell(far, FieldType::text, DateOrder::dmy).value == Value{std::string("4000000000000000")});
}
