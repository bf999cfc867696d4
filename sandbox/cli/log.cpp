// The only file that includes spdlog.
#include "cli/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "cli/print.h"

namespace snug {
namespace {

std::shared_ptr<spdlog::logger> logger;

}  // namespace

void start_log() {
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_st>(
      colour_for(2) == Colour::always ? spdlog::color_mode::automatic : spdlog::color_mode::never);
  logger = std::make_shared<spdlog::logger>("snug", std::move(sink));
  logger->set_pattern("%n: %^%l%$ [%S.%f] %v");
  logger->set_level(spdlog::level::debug);
}

bool logs_decisions() { return logger != nullptr; }

void log_decision(std::string_view line) {
  if (logger) logger->debug("{}", printable(line));
}

}  // namespace snug
