#include "domain/job.hpp"

namespace rowlane {

std::string_view to_string(Direction direction) {
  switch (direction) {
    case Direction::to_sheet:
      return "to-sheet";
  }
  std::unreachable();
}

std::optional<Direction> direction_from(std::string_view name) {
  if (name == "to-sheet") return Direction::to_sheet;
  return std::nullopt;
}

std::string_view to_string(JobState state) {
  switch (state) {
    case JobState::queued:
      return "queued";
    case JobState::running:
      return "running";
    case JobState::waiting:
      return "waiting";
    case JobState::held:
      return "held";
    case JobState::succeeded:
      return "succeeded";
    case JobState::failed:
      return "failed";
    case JobState::cancelled:
      return "cancelled";
  }
  std::unreachable();
}

std::string_view to_string(WaitReason reason) {
  switch (reason) {
    case WaitReason::none:
      return "";
    case WaitReason::quota:
      return "quota";
    case WaitReason::retry:
      return "retry";
    case WaitReason::not_shared:
      return "not_shared";
    case WaitReason::sheet_missing:
      return "sheet_missing";
    case WaitReason::paused:
      return "paused";
  }
  std::unreachable();
}

WaitReason wait_reason_from(std::string_view name) {
  for (const WaitReason reason :
       {WaitReason::quota, WaitReason::retry, WaitReason::not_shared, WaitReason::sheet_missing, WaitReason::paused})
    if (to_string(reason) == name) return reason;
  return WaitReason::none;
}

Counts& Counts::operator+=(const Counts& other) {
  exported += other.exported;
  added += other.added;
  updated += other.updated;
  deleted += other.deleted;
  imported += other.imported;
  kept += other.kept;
  overwritten += other.overwritten;
  conflicts += other.conflicts;
  drafts += other.drafts;
  return *this;
}

bool JobResult::success() const {
  if (tabs.empty()) return true;
  for (const auto& [key, tab] : tabs)
    if (tab.success) return true;
  return false;
}

namespace {

void put_counts(Json& json, const Counts& counts) {
  json.set("exported", counts.exported);
  json.set("added", counts.added);
  json.set("updated", counts.updated);
  json.set("deleted", counts.deleted);
  json.set("imported", counts.imported);
  json.set("kept", counts.kept);
  json.set("overwritten", counts.overwritten);
  json.set("conflicts", counts.conflicts);
  json.set("drafts", counts.drafts);
}

void put_lists(const TabResult& tab, Json& rejected, Json& ambiguous, Json& held) {
  for (const Rejection& r : tab.rejected)
    rejected.push(Json::object(
        {{"tab", r.tab}, {"row", r.row ? Json(r.row) : Json()}, {"field", r.field}, {"reason", r.reason}}));
  for (const Ambiguity& a : tab.ambiguous) {
    Json rows = Json::array();
    for (const int row : a.rows) rows.push(row);
    ambiguous.push(
        Json::object({{"tab", a.tab}, {"rows", rows}, {"record", a.record}, {"name", a.name}, {"key", a.key}}));
  }
  for (const HeldRow& h : tab.held) held.push(h.to_json());
}

}  // namespace

Json HeldRow::to_json() const {
  return Json::object({{"tab", tab},
                       {"row", row ? Json(row) : Json()},
                       {"record", record},
                       {"name", name},
                       {"side", side},
                       {"what", what},
                       {"cells", cells}});
}

Json JobResult::to_json() const {
  Counts total;
  Json rejected = Json::array(), ambiguous = Json::array(), held = Json::array(), by_tab = Json(Json::Object{});
  for (const auto& [key, tab] : tabs) {
    total += tab.counts;
    put_lists(tab, rejected, ambiguous, held);
    Json json = Json::object({{"success", tab.success}, {"error", tab.error.empty() ? Json() : Json(tab.error)}});
    put_counts(json, tab.counts);
    Json own_rejected = Json::array(), own_ambiguous = Json::array(), own_held = Json::array();
    put_lists(tab, own_rejected, own_ambiguous, own_held);
    json.set("rejected", own_rejected).set("ambiguous", own_ambiguous).set("held", own_held);
    by_tab.set(key, json);
  }
  Json out = Json::object({{"success", success()}});
  put_counts(out, total);
  Json told = Json::array();
  for (const Notice& n : notices) told.push(Json::object({{"tab", n.tab}, {"kind", n.kind}, {"text", n.text}}));
  out.set("rejected", rejected)
      .set("ambiguous", ambiguous)
      .set("held", held)
      .set("notFound", not_found)
      .set("notices", told);
  out.set("calls", Json::object({{"reads", reads}, {"writes", writes}}));
  out.set("tabs", by_tab);
  return out;
}

}  // namespace rowlane
