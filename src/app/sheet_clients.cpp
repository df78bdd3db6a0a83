#include "app/sheet_clients.hpp"

#include <fmt/format.h>

#include "net/curl_client.hpp"
#include "sheets/local/local_transport.hpp"

namespace rowlane::app {

using sheets::google::GoogleOptions;
using sheets::google::GoogleSheets;

Result<SheetClients> open_google_clients(const config::Config& config, net::HttpClient& http, const Clock& clock) {
  SheetClients clients;
  for (const config::GoogleAccount& account : config.accounts) {
    if (account.credentials.empty()) continue;  // `config` has checked that no agency uses it
    Result<sheets::google::Credentials> credentials = sheets::google::load_credentials(account.credentials);
    if (!credentials) return std::unexpected(credentials.error());
    for (const auto& [name, url] : {std::pair("sheets_url", &account.sheets_url), {"drive_url", &account.drive_url}})
      if (!url->starts_with("https://") && !net::is_loopback_url(*url))
        return fail(Errc::invalid_input,
                    fmt::format("google.{} = \"{}\" must be https://..., or http:// on loopback: a token goes there",
                                name, *url),
                    fmt::format("google.{}", name));
    const GoogleOptions options{.sheets_url = account.sheets_url,
                                .drive_url = account.drive_url,
                                .quota_window = Millis{account.quota.window_seconds * 1000}};
    clients[account.name] = std::make_unique<GoogleSheets>(http, clock, options, std::move(*credentials));
  }
  return clients;
}

SheetClients open_local_clients(const config::Config& config, net::HttpClient& http, const Clock& clock) {
  SheetClients clients;
  const GoogleOptions options{.sheets_url = std::string(sheets::local::LocalTransport::kAddress)};
  for (const config::GoogleAccount& account : config.accounts)
    clients[account.name] = std::make_unique<GoogleSheets>(http, clock, options, std::nullopt);
  return clients;
}

}  // namespace rowlane::app
