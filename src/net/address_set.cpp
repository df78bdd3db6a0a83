#include "net/address_set.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "base/text.hpp"

namespace rowlane::net {

namespace ip = boost::asio::ip;

namespace {

std::optional<ip::address> parse_address(std::string_view text) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

// "1.2.3.4:80" and "[::1]:80" without their port.
std::string_view without_port(std::string_view hop) {
  if (hop.starts_with('[')) return hop.substr(1, hop.find(']') - 1);
  const std::size_t colon = hop.find(':');
  return colon != std::string_view::npos && hop.find(':', colon + 1) == std::string_view::npos ? hop.substr(0, colon)
                                                                                               : hop;
}

// The hops of all X-Forwarded-For headers, the first one first.
std::vector<std::string_view> hops_of(const Request& request) {
  std::vector<std::string_view> hops;
  for (const auto& [name, value] : request.headers) {
    if (name != "x-forwarded-for") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      hops.push_back(trim(rest.substr(0, comma)));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return hops;
}

}  // namespace

struct AddressSet::Ranges {
  std::vector<ip::network_v4> v4;
  std::vector<ip::network_v6> v6;
};

AddressSet::AddressSet() : ranges_(std::make_shared<Ranges>()) {}

Result<AddressSet> AddressSet::parse(const std::vector<std::string>& entries) {
  Ranges ranges;
  for (const std::string& entry : entries) {
    boost::system::error_code error;
    const std::optional<ip::address> one = parse_address(entry);
    if (one && one->is_v4()) {
      ranges.v4.emplace_back(one->to_v4(), 32);
    } else if (one) {
      ranges.v6.emplace_back(one->to_v6(), 128);
    } else if (entry.contains(':')) {
      ranges.v6.push_back(ip::make_network_v6(entry, error));
    } else {
      ranges.v4.push_back(ip::make_network_v4(entry, error));
    }
    if (error)
      return fail(Errc::invalid_input, fmt::format("'{}' is neither an IP address nor a range like 10.0.0.0/8", entry));
  }
  AddressSet set;
  set.ranges_ = std::make_shared<const Ranges>(std::move(ranges));
  return set;
}

bool AddressSet::contains(std::string_view text) const {
  const std::optional<ip::address> address = parse_address(text);
  if (!address) return false;
  const auto holds = [](const auto& range, const auto& one) {
    return range.network() == std::decay_t<decltype(range)>(one, range.prefix_length()).network();
  };
  if (address->is_v4())
    return std::ranges::any_of(ranges_->v4, [&](const auto& range) { return holds(range, address->to_v4()); });
  return std::ranges::any_of(ranges_->v6, [&](const auto& range) { return holds(range, address->to_v6()); });
}

std::string client_address(const Request& request, const AddressSet& trusted_proxies) {
  std::string client = request.peer_address;
  std::vector<std::string_view> hops = hops_of(request);
  for (; !hops.empty() && trusted_proxies.contains(client); hops.pop_back()) {
    const std::optional<ip::address> hop = parse_address(without_port(hops.back()));
    if (!hop) break;
    client = hop->to_string();
  }
  return client;
}

bool is_forwarded(const Request& request) {
  return request.has_header("x-forwarded-for") || request.has_header("forwarded") || request.has_header("via");
}

}  // namespace rowlane::net
