#include "net/address_set.hpp"

#include <doctest/doctest.h>

using namespace rowlane;

TEST_CASE("addresses are in a set by themselves or by their range") {
  const auto set = net::AddressSet::parse({"127.0.0.1", "10.1.0.0/16", "::1", "fd00::/8"});
  REQUIRE(set);
  for (const char* inside : {"127.0.0.1", "10.1.255.3", "::1", "fd12::5", "::ffff:10.1.0.1"}) {
    CAPTURE(inside);
    CHECK(set->contains(inside));
  }
  for (const char* outside : {"127.0.0.2", "10.2.0.1", "::2", "fe80::1", "", "localhost", "10.1.0.1/16"}) {
    CAPTURE(outside);
    CHECK_FALSE(set->contains(outside));
  }
  CHECK_FALSE(net::AddressSet().contains("127.0.0.1"));
  for (const char* wrong : {"localhost", "10.0.0.0/33", "10.0.0/8", "fd00::/200", ""}) {
    CAPTURE(wrong);
    const auto refused = net::AddressSet::parse({wrong});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.starts_with(fmt::format("'{}'", wrong)));
  }
}

TEST_CASE("the client is the last hop that no trusted proxy is") {
  struct Case {
    std::string_view name, peer;
    std::vector<std::string> forwarded;
    std::string_view client;
  };
  const Case cases[] = {
      {"no proxy", "5.6.7.8", {}, "5.6.7.8"},
      {"a header that no trusted peer sent", "5.6.7.8", {"1.2.3.4"}, "5.6.7.8"},
      {"one proxy", "127.0.0.1", {"1.2.3.4"}, "1.2.3.4"},
      {"what the client claims itself is not believed", "127.0.0.1", {"9.9.9.9, 1.2.3.4"}, "1.2.3.4"},
      {"two proxies", "127.0.0.1", {"9.9.9.9, 1.2.3.4, 10.0.0.7"}, "1.2.3.4"},
      {"two headers", "127.0.0.1", {"9.9.9.9, 1.2.3.4", "10.0.0.7"}, "1.2.3.4"},
      {"all trusted", "127.0.0.1", {"10.0.0.8, 10.0.0.7"}, "10.0.0.8"},
      {"with a port", "127.0.0.1", {"1.2.3.4:5678"}, "1.2.3.4"},
      {"version 6", "127.0.0.1", {"[2001:DB8::1]:80"}, "2001:db8::1"},
      {"version 6 without a port", "127.0.0.1", {"2001:db8::1"}, "2001:db8::1"},
      {"no address", "127.0.0.1", {"unknown"}, "127.0.0.1"},
      {"no address behind a trusted hop", "127.0.0.1", {"1.2.3.4, _hidden, 10.0.0.7"}, "10.0.0.7"},
      {"an empty header", "127.0.0.1", {""}, "127.0.0.1"},
  };
  const auto trusted = net::AddressSet::parse({"127.0.0.1", "10.0.0.0/8"});
  REQUIRE(trusted);
  for (const Case& c : cases) {
    CAPTURE(c.name);
    net::Request request{.peer_address = std::string(c.peer)};
    for (const std::string& value : c.forwarded) request.headers.emplace_back("x-forwarded-for", value);
    CHECK(net::client_address(request, *trusted) == c.client);
  }
}
