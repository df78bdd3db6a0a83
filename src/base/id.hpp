// Integer ids that cannot be mixed up: a `UserId` is no `JobId`.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace rowlane {

template <class Tag>
struct Id {
  std::int64_t value{};
  friend auto operator<=>(Id, Id) = default;
  explicit operator bool() const { return value != 0; }
};

using AgencyId = Id<struct AgencyTag>;
using UserId = Id<struct UserTag>;
using RecordId = Id<struct RecordTag>;  // the row in the store; the API shows `Record::public_id`
using JobId = Id<struct JobTag>;
using LaneId = Id<struct LaneTag>;
using PassId = Id<struct PassTag>;
using HoldId = Id<struct HoldTag>;
using EventId = Id<struct EventTag>;

}  // namespace rowlane

template <class Tag>
struct std::hash<rowlane::Id<Tag>> {
  std::size_t operator()(rowlane::Id<Tag> id) const noexcept { return std::hash<std::int64_t>{}(id.value); }
};
