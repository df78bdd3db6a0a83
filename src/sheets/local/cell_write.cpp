#include "sheets/local/cell_write.hpp"

#include <fmt/format.h>

#include "sheets/local/schema.hpp"

namespace rowlane::sheets::local {

namespace {
constexpr std::string_view kFurther[] = {"dataValidation", "textFormatRuns",    "chipRuns",
                                         "pivotTable",     "dataSourceFormula", "dataSourceTable"};
}

Api<CellMask> CellMask::parse(std::string_view fields) {
  if (fields.empty()) return refuse("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)");
  auto mask = FieldMask::parse(fields);
  if (!mask) return refuse(fmt::format("Invalid field: {}", fields));
  if (auto fits = check_mask(*mask, "CellData"); !fits) return refuse(fmt::format("Invalid field: {}", fields));
  CellMask out;
  out.mask_ = std::move(*mask);
  out.value_ = out.mask_.takes("userEnteredValue");
  out.note_ = out.mask_.takes("note");
  for (const auto name : kFurther)
    if (out.mask_.takes(name)) out.further_.emplace_back(name);
  return out;
}

ApiStatus check_length(std::string_view text) {
  if (text.size() <= kCellCharactersMax) return {};
  std::size_t units = 0;  // UTF-16, as Google counts
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  if (units > kCellCharactersMax)
    return refuse("Your input contains more than the maximum of 50000 characters in a single cell.");
  return {};
}

ApiStatus write_extended_value(const Book& book, Cell& cell, const Json* value) {
  const Json::Object* object = value ? value->if_object() : nullptr;
  if (!object || object->empty()) {
    cell.set_value({});
    return {};
  }
  const auto& [name, content] = object->front();
  if (name == "errorValue") return refuse("An error value cannot be entered.");
  if (name == "numberValue") {
    cell.set_value(content.as_double().value_or(0));
    return {};
  }
  if (name == "boolValue") {
    const bool* truth = content.if_bool();
    cell.set_value(truth && *truth);
    return {};
  }
  const std::string& text = *content.if_string();
  if (auto fits = check_length(text); !fits) return fits;
  if (name == "formulaValue") {
    if (!text.starts_with('=')) return refuse("A formula must start with '='.");
    cell.set_formula(Formula::parse(text, book));
    return {};
  }
  cell.set_value(text.empty() ? Value{} : Value{text});
  return {};
}

ApiStatus CellMask::write(Book& book, Cell& cell, const Json* data) const {
  if (value_)
    if (auto written = write_extended_value(book, cell, data ? data->find("userEnteredValue") : nullptr); !written)
      return written;
  if (const FieldMask* format = mask_.below("userEnteredFormat")) {
    const Json* given = data ? data->find("userEnteredFormat") : nullptr;
    if (format->takes_all()) {
      cell.format = given ? book.formats->intern(*given) : 0;
    } else {
      Json next = book.formats->at(cell.format).json;
      if (next.is_null()) next = Json(Json::Object{});
      apply_masked(next, given ? *given : Json{}, *format);
      cell.format = book.formats->intern(next);
    }
  }
  if (note_) cell.set_note(data ? (*data)["note"].string_or() : std::string());
  for (const std::string& name : further_) {
    const Json* given = data ? data->find(name) : nullptr;
    cell.set_further(name, given ? *given : Json{});
  }
  return {};
}

void set_number_format(Book& book, Cell& cell, std::string_view type, std::string_view pattern) {
  Json next = book.formats->at(cell.format).json;
  if (next.is_null()) next = Json(Json::Object{});
  Json format = Json::object({{"type", type}});
  if (!pattern.empty()) format.set("pattern", pattern);
  next.set("numberFormat", std::move(format));
  cell.format = book.formats->intern(next);
}

}  // namespace rowlane::sheets::local
