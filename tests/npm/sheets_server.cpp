// The Local Sheets service on a free loopback port, for the tests that drive it with the npm clients. Prints
// the port on one line, runs until its standard input ends. With a number as its argument: a tab of so many
// rows, for a look at the grid page.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "base/log.hpp"
#include "net/listener.hpp"
#include "sheets/local/local_sheets.hpp"

namespace {

using namespace rowlane;

sheets::local::SeedBook seed(int rows) {
  sheets::local::SeedTab tab{.title = "general_ins", .sheet_id = 7, .frozen_rows = 1};
  tab.cells.push_back({{.value = "NAME"},
                       {.value = "MOBILE NO"},
                       {.value = "POLICY NO"},
                       {.value = "AMOUNT"},
                       {.value = "EXPIRY"},
                       {.value = "WITH TAX"}});
  for (int i = 1; i <= rows; ++i)
    tab.cells.push_back({{.value = "Customer " + std::to_string(i)},
                         {.value = "+91 98" + std::to_string(10'000'000 + i)},
                         {.value = "POL-" + std::to_string(i)},
                         {.value = 1000.5 + i, .format_type = "NUMBER", .format_pattern = "#,##0.00"},
                         {.value = 46'000.0 + i % 400, .format_type = "DATE", .format_pattern = "dd/mm/yyyy"},
                         {.formula = "=ROUND(D" + std::to_string(i + 1) + "*1.18,2)",
                          .format_type = "NUMBER",
                          .format_pattern = "#,##0.00"}});
  return {
      .id = "book", .title = "Demo book", .locale = "en_IN", .tabs = {tab, {.title = "Bob's: life", .sheet_id = 8}}};
}

Task<net::Response> answer(sheets::local::LocalSheets* service, net::Request request) {
  co_return co_await service->handle(std::move(request));
}

}  // namespace

int main(int argc, char** argv) {
  set_log_level(LogLevel::warning);
  SystemClock clock;
  SystemRandom random;
  auto service = sheets::local::LocalSheets::open({.control = true}, clock, random);
  if (!service || !(*service)->create(seed(argc > 1 ? std::atoi(argv[1]) : 3))) return 1;
  net::IoThread io;
  net::Listener listener;
  net::ListenOptions options;
  options.limits.body_bytes_max = 16u << 20;
  const auto port = listener.start(
      io, options, [sheets = service->get()](net::Request request) { return answer(sheets, std::move(request)); });
  if (!port) {
    std::cerr << port.error().message << '\n';
    return 1;
  }
  io.start("sheets");
  std::cout << *port << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  io.stop();
  io.join();
  return 0;
}
