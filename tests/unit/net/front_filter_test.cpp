#include <doctest/doctest.h>

#include "net/request_head.hpp"
#include "support/raw_client.hpp"
#include "test_server.hpp"

using namespace rowlane;
using namespace rowlane::testing;
using namespace std::string_view_literals;

namespace {
Task<net::Response> echo(net::Request request) {
  net::Response response;
  response.content_type = "text/plain";
  response.body = fmt::format("{} {} [{}]", request.method, request.path, request.body);
  co_return response;
}
}  // namespace

TEST_CASE("the front filter gives every raw request its one answer") {
  struct Case {
    std::string_view name;
    std::string bytes;
    std::string_view status;
  };
  const std::string host = "Host: a\r\n";
  const std::string get = "GET / HTTP/1.1\r\n";
  const std::string post = "POST /x HTTP/1.1\r\nHost: a\r\n";
  const Case cases[] = {
      {"a plain request", get + host + "\r\n", "200 OK"},
      {"a query", "GET /a?b=c%20d HTTP/1.1\r\n" + host + "\r\n", "200 OK"},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "200 OK"},
      {"an empty line before the request", "\r\n" + get + host + "\r\n", "200 OK"},
      {"a body with its length", post + "Content-Length: 3\r\n\r\nabc", "200 OK"},
      {"a chunked body", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "200 OK"},
      {"chunked in capitals", post + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", "200 OK"},
      {"chunk extension and trailer", post + "Transfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\nT: v\r\n\r\n",
       "200 OK"},
      {"a header value in UTF-8", get + host + "X-Name: caf\xc3\xa9\r\n\r\n", "200 OK"},
      {"OPTIONS reaches the router", "OPTIONS /x HTTP/1.1\r\n" + host + "\r\n", "200 OK"},

      {"Host missing", get + "\r\n", "400 Bad Request"},
      {"Host twice", get + host + "Host: b\r\n\r\n", "400 Bad Request"},
      {"Host twice, the same", get + host + host + "\r\n", "400 Bad Request"},
      {"Host empty", get + "Host:\r\n\r\n", "400 Bad Request"},
      {"Host with a path", get + "Host: a/b\r\n\r\n", "400 Bad Request"},
      {"folded header", get + host + "X: a\r\n b\r\n\r\n", "400 Bad Request"},
      {"folded by a tab", get + host + "X: a\r\n\tb\r\n\r\n", "400 Bad Request"},
      {"space before the colon", get + "Host : a\r\n\r\n", "400 Bad Request"},
      {"header without a colon", get + host + "oops\r\n\r\n", "400 Bad Request"},
      {"header without a name", get + host + ": a\r\n\r\n", "400 Bad Request"},
      {"bare LF in the request line", "GET / HTTP/1.1\n" + host + "\r\n", "400 Bad Request"},
      {"bare LF in a header", get + "Host: a\nX: b\r\n\r\n", "400 Bad Request"},
      {"bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", "400 Bad Request"},
      {"bare CR in a header", get + host + "X: a\rb\r\n\r\n", "400 Bad Request"},
      {"NUL in a header", get + host + std::string("X: a\0b\r\n\r\n"sv), "400 Bad Request"},
      {"NUL in the target", std::string("GET /\0 HTTP/1.1\r\n"sv) + host + "\r\n", "400 Bad Request"},
      {"control byte in a header", get + host + "X: a\x01\r\n\r\n", "400 Bad Request"},
      {"DEL in a header", get + host + "X: a\x7f\r\n\r\n", "400 Bad Request"},
      {"Content-Length twice", post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400 Bad Request"},
      {"Content-Length twice, the same", post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", "400 Bad Request"},
      {"Content-Length as a list", post + "Content-Length: 1, 1\r\n\r\na", "400 Bad Request"},
      {"Content-Length signed", post + "Content-Length: +1\r\n\r\na", "400 Bad Request"},
      {"Content-Length negative", post + "Content-Length: -1\r\n\r\n", "400 Bad Request"},
      {"Content-Length empty", post + "Content-Length:\r\n\r\n", "400 Bad Request"},
      {"Content-Length hexadecimal", post + "Content-Length: 0x1\r\n\r\na", "400 Bad Request"},
      {"length beside chunked", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "400 Bad Request"},
      {"chunked beside length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
       "400 Bad Request"},
      {"chunked under HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400 Bad Request"},
      {"chunked, gzip", post + "Transfer-Encoding: chunked, gzip\r\n\r\n", "400 Bad Request"},
      {"chunked, chunked", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "400 Bad Request"},
      {"Transfer-Encoding twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400 Bad Request"},
      {"Transfer-Encoding empty", post + "Transfer-Encoding:\r\n\r\n", "400 Bad Request"},
      {"xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n", "501 Not Implemented"},
      {"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", "501 Not Implemented"},
      {"identity", post + "Transfer-Encoding: identity\r\n\r\n", "501 Not Implemented"},
      {"chunk size not hexadecimal", post + "Transfer-Encoding: chunked\r\n\r\nz\r\n", "400 Bad Request"},
      {"chunk size with a space", post + "Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n", "400 Bad Request"},
      {"chunk size far too long", post + "Transfer-Encoding: chunked\r\n\r\n00000000000000003\r\n", "400 Bad Request"},
      {"chunk ended by LF alone", post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", "400 Bad Request"},
      {"chunk longer than its size", post + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "400 Bad Request"},
      {"chunks over the limit", post + "Transfer-Encoding: chunked\r\n\r\n200001\r\n", "413 Content Too Large"},
      {"length over the limit", post + "Content-Length: 1048577\r\n\r\n", "413 Content Too Large"},
      {"length beyond 64 bits", post + "Content-Length: 99999999999999999999999\r\n\r\n", "413 Content Too Large"},
      {"unknown method", "BREW / HTTP/1.1\r\n" + host + "\r\n", "405 Method Not Allowed"},
      {"method in lower case", "get / HTTP/1.1\r\n" + host + "\r\n", "405 Method Not Allowed"},
      {"TRACE", "TRACE / HTTP/1.1\r\n" + host + "\r\n", "405 Method Not Allowed"},
      {"CONNECT", "CONNECT a:1 HTTP/1.1\r\n" + host + "\r\n", "405 Method Not Allowed"},
      {"method with a bad character", "G(T / HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"HTTP/2.0", "GET / HTTP/2.0\r\n" + host + "\r\n", "505 HTTP Version Not Supported"},
      {"HTTP/1.2", "GET / HTTP/1.2\r\n" + host + "\r\n", "505 HTTP Version Not Supported"},
      {"HTTP/0.9", "GET /\r\n\r\n", "400 Bad Request"},
      {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 HTTP Version Not Supported"},
      {"version in lower case", "GET / http/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"version with more digits", "GET / HTTP/1.10\r\n" + host + "\r\n", "400 Bad Request"},
      {"absolute form", "GET http://a/ HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"asterisk form", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"target without a slash", "GET x HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"two spaces before the target", "GET  / HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"space in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"fragment in the target", "GET /a#b HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"raw UTF-8 in the target", "GET /\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"a space before the method", " GET / HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
      {"a TLS hello", "\x16\x03\x01\x02", "400 Bad Request"},
      {"target over 8 KiB", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "414 URI Too Long"},
      {"headers over 8 KiB", get + host + "X: " + std::string(9000, 'a') + "\r\n\r\n",
       "431 Request Header Fields Too Large"},
      {"many headers over 8 KiB", get + host + std::string(9000, 'a'), "431 Request Header Fields Too Large"},
      {"unknown expectation", post + "Expect: cake\r\n\r\n", "417 Expectation Failed"},
  };
  TestServer server(echo);
  for (const Case& c : cases) {
    CAPTURE(c.name);
    RawClient client(server.port());
    client.send(c.bytes);
    const std::string answer = client.read_answer();
    CHECK(status_line(answer) == fmt::format("HTTP/1.1 {}", c.status));
    if (c.status == "200 OK") continue;
    CHECK(answer.contains("Content-Type: application/problem+json\r\n"));
    CHECK(answer.contains("Connection: close\r\n"));
    CHECK(client.read_to_end().empty());
    CHECK_FALSE(client.was_reset());
  }
}

TEST_CASE("an unknown method is told the known ones") {
  TestServer server(echo);
  RawClient client(server.port());
  client.send("BREW / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read_answer().contains("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"));
}

TEST_CASE("a head is measured the same however it is cut") {
  const std::string head = "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nrest";
  std::size_t scanned = 0;
  for (std::size_t size = 1; size < head.size() - 4; ++size)
    CHECK(net::scan_head(std::string_view(head).substr(0, size), scanned, 8192).state == net::HeadScan::State::more);
  const net::HeadScan scan = net::scan_head(head, scanned, 8192);
  CHECK(scan.state == net::HeadScan::State::whole);
  CHECK(scan.length == head.size() - 4);
}

TEST_CASE("gzip is taken from Accept-Encoding with its weight") {
  const auto accepts = [](std::string_view value) {
    return net::parse_head(fmt::format("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {}\r\n\r\n", value))
        ->accepts_gzip;
  };
  CHECK(accepts("gzip"));
  CHECK(accepts("br, GZIP;q=0.5"));
  CHECK_FALSE(accepts("gzip;q=0"));
  CHECK_FALSE(accepts("gzip; q=0.000, br"));
  CHECK_FALSE(accepts("br"));
}
