// The server's settings: one TOML file, overridden key by key from the environment.
//
// `[server] listen` is ROWLANE_SERVER_LISTEN in the environment, `[google.quota] reads` ROWLANE_GOOGLE_QUOTA_READS; a
// list is written there with commas. Agencies and further accounts come from the file alone. Paths are relative to the
// folder of the file. An unknown key is an error that names the file and line, the key, and the nearest known one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "domain/field_catalogue.hpp"
#include "domain/tab_layout.hpp"

namespace rowlane::config {

using Environment = std::map<std::string, std::string, std::less<>>;

struct Server {
  std::string listen = "127.0.0.1:5000";
  std::string public_url;                    // as people reach it: "https://sync.example.org"; "" not known
  std::vector<std::string> trusted_proxies;  // addresses and ranges whose X-Forwarded-For is believed
  std::string data_dir = "/var/lib/rowlane";
  std::int64_t lane_jobs_max = 1000;
  std::string tls_certificate, tls_key;  // PEM files; both or none
  bool allow_plain_http = false;         // needed for a listener that is not loopback and has no TLS
};

struct Quota {
  std::int64_t reads = 60, writes = 60, project_reads = 300, project_writes = 300, window_seconds = 60;
};

struct GoogleAccount {
  std::string name = "default";
  std::string credentials;  // path of the service account's key; "" none
  std::string sheets_url = "https://sheets.googleapis.com";
  std::string drive_url = "https://www.googleapis.com/drive/v3";
  bool trust_version = false;
  Quota quota;
};

struct Config {
  Server server;
  std::string store_url = "sqlite";
  std::string sheets_provider = "google";                // or "local"
  std::vector<GoogleAccount> accounts{GoogleAccount{}};  // the first is "default"
  std::vector<AgencySettings> agencies;                  // in the order of the file; `id` is set by the store later

  [[nodiscard]] const GoogleAccount* find_account(std::string_view name) const;
  [[nodiscard]] const AgencySettings* find_agency(std::string_view key) const;
};

struct ListenAddress {
  std::string address;  // "127.0.0.1", "::1"
  std::uint16_t port = 0;
  [[nodiscard]] bool is_loopback() const;
};
// "127.0.0.1:5000", "[::1]:5000" or "localhost:5000".
Result<ListenAddress> parse_listen(std::string_view text);

// Reads and checks everything, the rights of credentials files included. invalid_input says where and what.
Result<Config> load_config(const std::string& path, FieldCatalogue& catalogue, const Environment& environment);
// The same from text; `path` is what errors name.
Result<Config> parse_config(std::string_view text, const std::string& path, FieldCatalogue& catalogue,
                            const Environment& environment);
// The process's environment.
Environment process_environment();

// True when `email` fits one of `patterns` ("*@demo.example"; `*` is any text), without regard to case.
bool email_fits(std::string_view email, const std::vector<std::string>& patterns);

}  // namespace rowlane::config
