// A set of IP addresses, and which of the addresses that a request passed through is its client's. Pure.
//
// Addresses of version 4 written in version 6 ("::ffff:10.0.0.1") are those of version 4.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/http.hpp"

namespace rowlane::net {

class AddressSet {
 public:
  // "10.0.0.1", "fd00::1", "10.0.0.0/8"; invalid_input names the entry that is none of these.
  static Result<AddressSet> parse(const std::vector<std::string>& entries);
  AddressSet();

  [[nodiscard]] bool contains(std::string_view address) const;  // false for what is no address

 private:
  struct Ranges;
  std::shared_ptr<const Ranges> ranges_;
};

// Who asks: the peer, or, where that is a trusted proxy, the last hop of X-Forwarded-For that is not one. What a proxy
// passes on that is no address names nobody: then it is the proxy itself.
std::string client_address(const Request& request, const AddressSet& trusted_proxies);

// True when some proxy says that it passed the request on.
bool is_forwarded(const Request& request);

}  // namespace rowlane::net
