#include "sheets/local/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sheets/local/json_edge.hpp"
#include "sheets/local/number_format.hpp"

namespace rowlane::sheets::local {

namespace {

// Writes the members of one object: commas and names.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;
  ~Members() { out_ += '}'; }
  void name(std::string_view text) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += text;
    out_ += "\":";
  }

 private:
  std::string& out_;
  bool first_ = true;
};

void append_number(std::string& out, double value) { out += number_text(value); }

void append_value(std::string& out, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    out += "{\"stringValue\":";
    append_json_string(out, *text);
  } else if (const auto* number = std::get_if<double>(&value)) {
    out += "{\"numberValue\":";
    append_number(out, *number);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    out += *truth ? "{\"boolValue\":true" : "{\"boolValue\":false";
  } else if (const auto* error = if_error(value)) {
    out += fmt::format("{{\"errorValue\":{{\"type\":\"{}\",\"message\":\"The formula gives {}.\"}}", error_type(*error),
                       error_text(*error));
  } else {
    out += '{';
  }
  out += '}';
}

// What the mask says about cells, looked up once.
struct CellPlan {
  bool entered = false, effective = false, formatted = false, format = false, effective_format = false,
       hyperlink = false, note = false;
  const FieldMask* mask = nullptr;
  const FieldMask* format_mask = nullptr;
  const FieldMask* effective_format_mask = nullptr;
  const FieldMask* entered_mask = nullptr;
  const FieldMask* effective_mask = nullptr;

  explicit CellPlan(const FieldMask* cell) : mask(cell) {
    if (!cell) return;
    entered = (entered_mask = cell->below("userEnteredValue")) != nullptr;
    effective = (effective_mask = cell->below("effectiveValue")) != nullptr;
    formatted = cell->takes("formattedValue");
    format = (format_mask = cell->below("userEnteredFormat")) != nullptr;
    effective_format = (effective_format_mask = cell->below("effectiveFormat")) != nullptr;
    hyperlink = cell->takes("hyperlink");
    note = cell->takes("note");
  }
};

class GridWriter {
 public:
  GridWriter(std::string& out, const Book& book, Evaluator& evaluator, const Sheet& sheet, const FieldMask& mask)
      : out_(out),
        book_(book),
        evaluator_(evaluator),
        sheet_(sheet),
        mask_(mask),
        rows_(mask.below("rowData")),
        values_(rows_ ? rows_->below("values") : nullptr),
        plan_(values_) {}

  void write(const Area& area) {
    Members grid(out_);
    if (area.row_first > 1 && mask_.takes("startRow")) {
      grid.name("startRow");
      out_ += std::to_string(area.row_first - 1);
    }
    if (area.column_first > 1 && mask_.takes("startColumn")) {
      grid.name("startColumn");
      out_ += std::to_string(area.column_first - 1);
    }
    const Area bounded = book_.bounded(area);
    if (rows_) {
      spill_last_ = 0;
      for (const auto& [at, value] : evaluator_.spilled(sheet_))
        spill_last_ = std::max(spill_last_, static_cast<int>(at >> 20));
      const int last = std::min(bounded.row_last, std::max(sheet_.rows.size(), spill_last_));
      if (last >= bounded.row_first) {
        grid.name("rowData");
        row_data(bounded, last);
      }
    }
    if (const FieldMask* inner = mask_.below("rowMetadata")) {
      grid.name("rowMetadata");
      row_metadata(bounded, *inner);
    }
    if (const FieldMask* inner = mask_.below("columnMetadata")) {
      grid.name("columnMetadata");
      column_metadata(bounded, *inner);
    }
  }

 private:
  void row_data(const Area& area, int last) {
    // Rows that show nothing are held back: at the end they are left out.
    out_ += '[';
    std::size_t kept = out_.size();
    for (int r = area.row_first; r <= last; ++r) {
      if (r > area.row_first) out_ += ',';
      if (row(area, r)) kept = out_.size();
    }
    out_.resize(kept);
    out_ += ']';
  }

  bool row(const Area& area, int r) {
    const Row* found = sheet_.rows.find(r);
    const auto& spill = evaluator_.spilled(sheet_);
    int last = found ? std::min(area.column_last, static_cast<int>(found->cells.size())) : 0;
    if (!spill.empty() && r <= spill_last_)
      for (int c = area.column_last; c > last; --c)
        if (spill.contains(Evaluator::key(r, c))) {
          last = c;
          break;
        }
    if (!values_ || last < area.column_first) {
      out_ += "{}";
      return false;
    }
    out_ += "{\"values\":[";
    std::size_t kept = out_.size();
    bool any = false;
    for (int c = area.column_first; c <= last; ++c) {
      if (c > area.column_first) out_ += ',';
      if (cell(r, c, found ? found->find(c) : nullptr)) {
        kept = out_.size();
        any = true;
      }
    }
    out_.resize(kept);
    if (any) {
      out_ += "]}";
    } else {
      out_.resize(out_.size() - std::string_view("\"values\":[").size());
      out_ += '}';
    }
    return any;
  }

  bool cell(int r, int c, const Cell* cell) {
    const std::size_t before = out_.size();
    {
      Members members(out_);
      const Formula* formula = cell ? cell->formula() : nullptr;
      if (plan_.entered && cell && cell->has_content()) {
        members.name("userEnteredValue");
        if (formula) {
          if (plan_.entered_mask->takes("formulaValue")) {
            out_ += "{\"formulaValue\":";
            append_json_string(out_, formula->text(book_));
            out_ += '}';
          } else {
            out_ += "{}";
          }
        } else {
          masked_value(cell->value, *plan_.entered_mask);
        }
      }
      Value value;
      if (plan_.effective || plan_.formatted) value = evaluator_.value(sheet_, r, c, cell);
      if (plan_.effective && !is_blank(value)) {
        members.name("effectiveValue");
        masked_value(value, *plan_.effective_mask);
      }
      if (plan_.formatted && !is_blank(value)) {
        members.name("formattedValue");
        append_json_string(out_, shown_text(book_, evaluator_, sheet_, cell, value));
      }
      if (cell) formats(members, *cell, formula);
      if (plan_.hyperlink && formula) {
        const std::string link = evaluator_.hyperlink(sheet_, r, c, *formula);
        if (!link.empty()) {
          members.name("hyperlink");
          append_json_string(out_, link);
        }
      }
      if (plan_.note && cell && !cell->note().empty()) {
        members.name("note");
        append_json_string(out_, cell->note());
      }
      if (cell && cell->extra)
        for (const auto& [name, further] : cell->extra->further)
          if (const FieldMask* inner = plan_.mask->below(name)) {
            members.name(name);
            inner->filter(further).dump_to(out_);
          }
    }
    return out_.size() > before + 2;
  }

  void masked_value(const Value& value, const FieldMask& mask) {
    if (mask.takes_all()) return append_value(out_, value);
    mask.filter(value_json(value)).dump_to(out_);
  }

  void formats(Members& members, const Cell& cell, const Formula* formula) {
    if (plan_.format && cell.format) {
      const std::string& text = masked_format(own_formats_, cell.format, *plan_.format_mask);
      if (text.size() > 2) {
        members.name("userEnteredFormat");
        out_ += text;
      }
    }
    if (plan_.effective_format && (cell.format || cell.has_content())) {
      std::uint32_t format = cell.format;
      if (!format && formula) format = evaluator_.inherited_format(sheet_, *formula);
      if (!format) return;
      const std::string& text = masked_format(shown_formats_, format, *plan_.effective_format_mask);
      if (text.size() > 2) {
        members.name("effectiveFormat");
        out_ += text;
      }
    }
  }

  using Cache = std::unordered_map<std::uint32_t, std::string>;
  const std::string& masked_format(Cache& cache, std::uint32_t format, const FieldMask& mask) {
    const auto [found, fresh] = cache.try_emplace(format);
    if (fresh) found->second = mask.filter(book_.formats->at(format).json).dump();
    return found->second;
  }

  void dimension(bool hidden, std::optional<int> size, int usual, const Metadata::Place place, int position,
                 const FieldMask& mask) {
    Members members(out_);
    if (hidden && mask.takes("hiddenByUser")) {
      members.name("hiddenByUser");
      out_ += "true";
    }
    if (mask.takes("pixelSize")) {
      members.name("pixelSize");
      out_ += std::to_string(size.value_or(usual));
    }
    const FieldMask* inner = mask.below("developerMetadata");
    if (!inner) return;
    Json::Array items;
    for (const Metadata& item : book_.metadata)
      if (item.place == place && item.sheet_id == sheet_.id && item.position == position)
        items.push_back(inner->filter(metadata_json(item)));
    if (items.empty()) return;
    members.name("developerMetadata");
    Json(std::move(items)).dump_to(out_);
  }
  void row_metadata(const Area& area, const FieldMask& mask) {
    out_ += '[';
    for (int r = area.row_first; r <= area.row_last; ++r) {
      if (r > area.row_first) out_ += ',';
      const Row* row = sheet_.rows.find(r);
      dimension(row && row->hidden, row ? row->pixel_size : std::nullopt, 21, Metadata::Place::row, r, mask);
    }
    out_ += ']';
  }
  void column_metadata(const Area& area, const FieldMask& mask) {
    out_ += '[';
    for (int c = area.column_first; c <= area.column_last; ++c) {
      if (c > area.column_first) out_ += ',';
      const auto info = sheet_.columns.find(c);
      const bool known = info != sheet_.columns.end();
      dimension(known && info->second.hidden, known ? info->second.pixel_size : std::nullopt, 100,
                Metadata::Place::column, c, mask);
    }
    out_ += ']';
  }

  std::string& out_;
  const Book& book_;
  Evaluator& evaluator_;
  const Sheet& sheet_;
  const FieldMask& mask_;
  const FieldMask* rows_;
  const FieldMask* values_;
  CellPlan plan_;
  Cache own_formats_, shown_formats_;
  int spill_last_ = 0;
};

void list(std::string& out, Members& members, std::string_view name, const FieldMask& mask, const Json::Array& items) {
  const FieldMask* inner = mask.below(name);
  if (!inner || items.empty()) return;
  members.name(name);
  inner->filter(Json(items)).dump_to(out);
}

void render_sheet(std::string& out, const Book& book, Evaluator& evaluator, const Sheet& sheet,
                  const RenderRequest& request, const FieldMask& mask) {
  Members members(out);
  if (const FieldMask* inner = mask.below("properties")) {
    members.name("properties");
    inner->filter(sheet_properties_json(book, sheet)).dump_to(out);
  }
  Json::Array merges, protections, metadata;
  for (const Area& merge : sheet.merges) merges.push_back(grid_range_json(merge));
  for (const Placed& placed : sheet.protections) protections.push_back(placed_json(placed));
  for (const Metadata& item : book.metadata)
    if (item.place == Metadata::Place::sheet && item.sheet_id == sheet.id) metadata.push_back(metadata_json(item));
  list(out, members, "merges", mask, merges);
  list(out, members, "protectedRanges", mask, protections);
  if (const FieldMask* inner = mask.below("basicFilter"); inner && sheet.filter) {
    members.name("basicFilter");
    inner->filter(placed_json(*sheet.filter)).dump_to(out);
  }
  list(out, members, "developerMetadata", mask, metadata);
  const FieldMask* data = mask.below("data");
  // With a mask the mask decides; without one, `includeGridData`.
  if (!data || (!request.with_mask && !request.grid_data)) return;
  members.name("data");
  out += '[';
  GridWriter writer(out, book, evaluator, sheet, *data);
  bool first = true;
  const auto one = [&](const Area& area) {
    if (!first) out += ',';
    first = false;
    writer.write(area);
  };
  if (request.ranges.empty()) one(Area{.sheet_id = sheet.id});
  for (const Area& area : request.ranges)
    if (area.sheet_id == sheet.id) one(area);
  out += ']';
}

}  // namespace

Json value_json(const Value& value) {
  if (is_blank(value)) return {};
  std::string text;
  append_value(text, value);
  auto parsed = parse_json(text);
  return parsed ? std::move(*parsed) : Json{};
}

std::string shown_text(const Book& book, Evaluator& evaluator, const Sheet& sheet, const Cell* cell,
                       const Value& value) {
  if (!std::holds_alternative<double>(value)) return text_of(value);
  std::uint32_t format = cell ? cell->format : 0;
  const auto typed = [&](std::uint32_t index) {
    return index && (!book.formats->at(index).type.empty() || !book.formats->at(index).pattern.empty());
  };
  if (!typed(format) && cell && cell->formula()) format = evaluator.inherited_format(sheet, *cell->formula());
  const FormatPool::Entry& entry = book.formats->at(format);
  return format_value(value, {entry.type, entry.pattern}, locale_of(book.locale));
}

void render_spreadsheet(std::string& out, const Book& book, Evaluator& evaluator, const RenderRequest& request) {
  const FieldMask& mask = request.mask;
  Members members(out);
  if (mask.takes("spreadsheetId")) {
    members.name("spreadsheetId");
    append_json_string(out, book.id);
  }
  if (const FieldMask* inner = mask.below("properties")) {
    members.name("properties");
    inner->filter(spreadsheet_properties_json(book)).dump_to(out);
  }
  // People's clients take these small lists in any place; before the tabs a streaming reader has them early.
  Json::Array names, metadata;
  for (const NamedRange& named : book.names) names.push_back(named_range_json(named));
  for (const Metadata& item : book.metadata)
    if (item.place == Metadata::Place::spreadsheet) metadata.push_back(metadata_json(item));
  list(out, members, "namedRanges", mask, names);
  list(out, members, "developerMetadata", mask, metadata);
  if (mask.takes("spreadsheetUrl")) {
    members.name("spreadsheetUrl");
    append_json_string(out, fmt::format("https://docs.google.com/spreadsheets/d/{}/edit", book.id));
  }
  const FieldMask* tabs = mask.below("sheets");
  if (!tabs) return;
  members.name("sheets");
  out += '[';
  bool first = true;
  for (const Sheet& sheet : book.sheets) {
    const bool shown = request.ranges.empty() ||
                       std::ranges::any_of(request.ranges, [&](const Area& area) { return area.sheet_id == sheet.id; });
    if (!shown) continue;
    if (!first) out += ',';
    first = false;
    render_sheet(out, book, evaluator, sheet, request, *tabs);
  }
  out += ']';
}

}  // namespace rowlane::sheets::local
