// A refusal in Google's words: what becomes the body of a 4xx answer.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/json.hpp"

namespace rowlane::sheets::local {

struct ApiError {
  int code = 400;
  std::string status = "INVALID_ARGUMENT";
  std::string message;
  Json details;  // an array, or null
};

template <class T>
using Api = std::expected<T, ApiError>;
using ApiStatus = Api<void>;

inline std::unexpected<ApiError> refuse(std::string message) {
  return std::unexpected(ApiError{.message = std::move(message)});
}
inline std::unexpected<ApiError> refuse(int code, std::string status, std::string message) {
  return std::unexpected(ApiError{.code = code, .status = std::move(status), .message = std::move(message)});
}

}  // namespace rowlane::sheets::local
