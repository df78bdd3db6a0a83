#include "base/error.hpp"

namespace rowlane {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::invalid_input:
      return "invalid_input";
    case Errc::not_found:
      return "not_found";
    case Errc::forbidden:
      return "forbidden";
    case Errc::unauthenticated:
      return "unauthenticated";
    case Errc::conflict:
      return "conflict";
    case Errc::precondition:
      return "precondition";
    case Errc::too_large:
      return "too_large";
    case Errc::too_many:
      return "too_many";
    case Errc::quota_exceeded:
      return "quota_exceeded";
    case Errc::unavailable:
      return "unavailable";
    case Errc::unknown_outcome:
      return "unknown_outcome";
    case Errc::not_shared:
      return "not_shared";
    case Errc::sheet_missing:
      return "sheet_missing";
    case Errc::credentials:
      return "credentials";
    case Errc::lease_lost:
      return "lease_lost";
    case Errc::corrupt:
      return "corrupt";
  }
  std::unreachable();
}

}  // namespace rowlane
