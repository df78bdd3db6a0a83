// A job: one accepted request to sync. Its states, what it asks for, what it came to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/json.hpp"

namespace rowlane {

enum class Direction { to_sheet };
std::string_view to_string(Direction direction);  // "to-sheet"
std::optional<Direction> direction_from(std::string_view name);

enum class JobState { queued, running, waiting, held, succeeded, failed, cancelled };
std::string_view to_string(JobState state);
inline bool is_finished(JobState state) {
  return state == JobState::succeeded || state == JobState::failed || state == JobState::cancelled;
}

// Why the spreadsheet of a waiting job waits. `none` is not waiting.
enum class WaitReason { none, quota, retry, not_shared, sheet_missing, paused };
std::string_view to_string(WaitReason reason);  // "" for none
WaitReason wait_reason_from(std::string_view name);
// True when only a person can end the wait.
inline bool needs_person(WaitReason reason) {
  return reason == WaitReason::not_shared || reason == WaitReason::sheet_missing || reason == WaitReason::paused;
}

// What a job does beyond its direction: a plain sync, or the second run of a held one.
enum class JobKind { sync, confirm };

struct Rejection {
  std::string tab;
  int row = 0;  // in the sheet; 0 when the record has no row
  std::string field, reason;
};
struct Ambiguity {
  std::string tab;
  std::vector<int> rows;
  std::string record, name, key;  // the record's public id; the key as "current_policy_no=P/1"
};
struct HeldRow {
  std::string tab;
  int row = 0;
  std::string record, name;
  std::string side;            // "sheet" or "app": which side would lose
  std::string what;            // "delete" or "blank"
  Json cells = Json::array();  // [{field, header, from, to}]

  [[nodiscard]] Json to_json() const;
};
struct Notice {
  std::string tab, kind, text;
};

// Counts of one tab; the whole result has the same, summed.
struct Counts {
  std::int64_t exported = 0, added = 0, updated = 0, deleted = 0, imported = 0, kept = 0, overwritten = 0,
               conflicts = 0, drafts = 0;
  Counts& operator+=(const Counts& other);
};

struct TabResult {
  bool success = true;
  std::string error;  // why the tab was refused
  Counts counts;
  std::vector<Rejection> rejected;
  std::vector<Ambiguity> ambiguous;
  std::vector<HeldRow> held;
};

struct JobResult {
  std::map<std::string, TabResult> tabs;  // by tab key
  Json not_found = Json::array();         // entries of deletedCustomers, as sent
  std::vector<Notice> notices;
  std::int64_t reads = 0, writes = 0;

  [[nodiscard]] bool success() const;  // at least one tab was not refused
  [[nodiscard]] Json to_json() const;
};

}  // namespace rowlane
