#include "store/events.hpp"

namespace rowlane::store {

std::string_view to_string(EventKind kind) {
  return kind == EventKind::job ? "job" : kind == EventKind::customer ? "customer" : "customers";
}

EventKind event_kind_from(std::string_view name) {
  return name == "job" ? EventKind::job : name == "customer" ? EventKind::customer : EventKind::customers;
}

}  // namespace rowlane::store
