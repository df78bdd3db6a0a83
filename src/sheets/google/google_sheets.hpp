// The Google Sheets client: one HTTP call for a read, one for a write.
//
// All of its waiting goes through `HttpClient` and `MaySend`, its time through `Clock`: it runs unchanged in a
// simulation and against the local service. It does not retry, but for one repeat with a fresh token after a 401.
// On one executor; a task must not outlive the client.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "net/http_client.hpp"
#include "sheets/google/api_error.hpp"
#include "sheets/google/credentials.hpp"
#include "sheets/google/encode.hpp"
#include "sheets/google/token.hpp"
#include "sheets/sheet_api.hpp"

namespace rowlane::sheets::google {

struct GoogleOptions {
  std::string sheets_url = "https://sheets.googleapis.com";
  std::string drive_url = "https://www.googleapis.com/drive/v3";
  Millis timeout{180'000};                    // Google itself gives up after 180 s
  Millis quota_window{60'000};                // of the account's quota: how long a refusal for it holds, unless said
  std::size_t answer_bytes_max = 512u << 20;  // decoded
};

class GoogleSheets final : public SheetApi {
 public:
  // Without credentials no token is sent: the private way to the local service needs none.
  GoogleSheets(net::HttpClient& http, const Clock& clock, GoogleOptions options,
               std::optional<Credentials> credentials);

  Task<Result<SpreadsheetSnapshot>> read(ReadRequest request) override;
  Task<Result<WriteAnswer>> write(WriteRequest request) override;
  [[nodiscard]] std::string share_with() const override;
  [[nodiscard]] std::size_t estimate_bytes(const Op& op, bool as_further_row) const override;

  // Drive's version of the file: grows with every change anybody makes. Outside the Sheets quota.
  Task<Result<std::string>> version(std::string spreadsheet_id);

 private:
  struct Call;
  Task<Result<net::HttpAnswer>> exchange(Call& call, const MaySend& may_send);
  Task<Result<SpreadsheetSnapshot>> fetch(ReadRequest& request, bool by_id);
  Task<Result<WriteAnswer>> send_batch(const WriteRequest& request, Rows rows);

  net::HttpClient& http_;
  const Clock& clock_;
  GoogleOptions options_;
  std::string share_with_;
  std::optional<TokenSource> tokens_;
};

}  // namespace rowlane::sheets::google
