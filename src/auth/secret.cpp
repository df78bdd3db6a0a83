#include "auth/secret.hpp"

#include <sodium.h>

namespace rowlane::auth {

namespace {
constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemoryBytes = 19 * 1024 * 1024;
constexpr std::size_t kSecretLength = 52;  // 260 bits

void ready() {
  static const bool done = sodium_init() >= 0;
  (void)done;
}

Error pool_is_full() {
  return Error{.code = Errc::too_many,
               .message = "too many people are signing in; try again in a moment",
               .retry_after = Millis{2000}};
}
}  // namespace

std::string token_hash(std::string_view token) {
  ready();
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(token.data()), token.size());
  std::string hex(2 * digest.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
  hex.pop_back();  // the terminator
  return hex;
}

std::string new_token(Random& random) { return "rl_" + random_text(random, kSecretLength); }
std::string new_session(Random& random) { return random_text(random, kSecretLength); }

Status check_new_password(std::string_view password) {
  if (password.size() < kPasswordBytesMin)
    return fail(Errc::invalid_input, fmt::format("a password needs at least {} characters", kPasswordBytesMin),
                "password");
  if (password.size() > kPasswordBytesMax)
    return fail(Errc::invalid_input, fmt::format("a password has at most {} bytes", kPasswordBytesMax), "password");
  return {};
}

Result<std::string> hash_password(std::string_view password) {
  ready();
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str(out.data(), password.data(), password.size(), kPasses, kMemoryBytes) != 0)
    return fail(Errc::unavailable, "there is no memory to hash a password");
  return std::string(out.data());
}

bool verify_password(std::string_view hash, std::string_view password) {
  ready();
  if (hash.empty() || hash.size() >= crypto_pwhash_STRBYTES) return false;
  return crypto_pwhash_str_verify(std::string(hash).c_str(), password.data(), password.size()) == 0;
}

PasswordPool::PasswordPool(std::size_t threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
  ready();
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

PasswordPool::~PasswordPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool PasswordPool::push(Work& work) {
  {
    const std::lock_guard lock(mutex_);
    if (work_.size() >= waiting_max_) return false;
    work_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

void PasswordPool::run() {
  while (true) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !work_.empty(); });
      if (stop_) return;
      work = std::move(work_.front());
      work_.pop_front();
    }
    work();
  }
}

Task<Result<std::string>> PasswordPool::hash(std::string password) {
  using Answer = Result<std::string>;
  co_return co_await suspend_for<Answer>([&](Resolver<Answer> done) {
    auto resolver = std::make_shared<Resolver<Answer>>(std::move(done));
    Work work = [resolver, password] { (*resolver)(hash_password(password)); };
    if (!push(work)) (*resolver)(std::unexpected(pool_is_full()));
  });
}

Task<Result<bool>> PasswordPool::verify(std::string hash, std::string password) {
  using Answer = Result<bool>;
  co_return co_await suspend_for<Answer>([&](Resolver<Answer> done) {
    auto resolver = std::make_shared<Resolver<Answer>>(std::move(done));
    Work work = [resolver, hash, password] { (*resolver)(verify_password(hash, password)); };
    if (!push(work)) (*resolver)(std::unexpected(pool_is_full()));
  });
}

}  // namespace rowlane::auth
