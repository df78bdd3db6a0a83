// One Sheets client a service account, as the configuration has it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "net/http_client.hpp"
#include "sheets/google/google_sheets.hpp"

namespace rowlane::app {

using SheetClients = std::map<std::string, std::unique_ptr<sheets::google::GoogleSheets>>;

// For provider "google": an account that has no credentials and that no agency uses gets no client. Reads the
// credentials files: errors as `sheets::google::load_credentials`. `http` and `clock` outlive the clients.
Result<SheetClients> open_google_clients(const config::Config& config, net::HttpClient& http, const Clock& clock);
// For provider "local": the private way to the embedded service, which needs no credentials.
SheetClients open_local_clients(const config::Config& config, net::HttpClient& http, const Clock& clock);

}  // namespace rowlane::app
