#include "sheets/google/credentials.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/json.hpp"
#include "net/curl_client.hpp"
#include "sheets/google/jwt.hpp"

namespace rowlane::sheets::google {

namespace {
constexpr std::size_t kFileBytesMax = 64 * 1024;

struct File {
  int fd = -1;
  explicit File(int opened) : fd(opened) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};
}  // namespace

Result<Credentials> parse_credentials(std::string_view text) {
  const Result<Json> json = parse_json(text);
  if (!json) return fail(Errc::credentials, "the credentials are not JSON: " + json.error().message);
  if (json->if_object() == nullptr) return fail(Errc::credentials, "the credentials are not a JSON object");
  const std::string type = (*json)["type"].string_or();
  if (type != "service_account")
    return fail(Errc::credentials,
                fmt::format("the credentials are of type '{}', not 'service_account': create a key for a service "
                            "account, in JSON form",
                            type.substr(0, 40)),
                "type");
  Credentials credentials;
  struct Member {
    const char* name;
    std::string& value;
  };
  for (const auto& [name, value] :
       {Member{"client_email", credentials.client_email}, Member{"private_key", credentials.private_key},
        Member{"token_uri", credentials.token_uri}}) {
    value = (*json)[name].string_or();
    if (value.empty()) return fail(Errc::credentials, fmt::format("the credentials lack '{}'", name), name);
  }
  credentials.private_key_id = (*json)["private_key_id"].string_or();

  if (!credentials.client_email.contains('@'))
    return fail(Errc::credentials, "'client_email' of the credentials is no address", "client_email");
  if (!is_rsa_private_key(credentials.private_key))
    return fail(Errc::credentials, "'private_key' of the credentials is no RSA key in PEM form", "private_key");
  if (!credentials.token_uri.starts_with("https://") && !net::is_loopback_url(credentials.token_uri))
    return fail(Errc::credentials, "'token_uri' of the credentials must be https (http on loopback alone)",
                "token_uri");
  return credentials;
}

Result<Credentials> load_credentials(const std::string& path) {
  const auto failed = [&](const char* what) {
    return fail(Errc::credentials,
                fmt::format("cannot {} the credentials file {}: {}", what, path, std::strerror(errno)));
  };
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) return failed("open");
  struct stat info{};
  if (::fstat(file.fd, &info) != 0) return failed("inspect");
  if (!S_ISREG(info.st_mode)) return fail(Errc::credentials, fmt::format("{} is no file", path));
  if ((info.st_mode & 077) != 0)
    return fail(Errc::credentials, fmt::format("the credentials file {} can be read by others than its owner; run: "
                                               "chmod 600 {}",
                                               path, path));
  std::string text(kFileBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.fd, text.data() + size, text.size() - size);
    if (got < 0) return failed("read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kFileBytesMax) return fail(Errc::credentials, fmt::format("the credentials file {} is too large", path));
  text.resize(size);
  Result<Credentials> credentials = parse_credentials(text);
  if (!credentials) credentials.error().message += fmt::format(" (file {})", path);
  return credentials;
}

}  // namespace rowlane::sheets::google
