#include "store/people.hpp"

namespace rowlane::store {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::agent:
      return "agent";
    case Role::manager:
      return "manager";
    case Role::admin:
      return "admin";
  }
  std::unreachable();
}

std::optional<Role> role_from(std::string_view name) {
  for (const Role role : {Role::agent, Role::manager, Role::admin})
    if (to_string(role) == name) return role;
  return std::nullopt;
}

}  // namespace rowlane::store
