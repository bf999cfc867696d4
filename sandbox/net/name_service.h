// The name server of a sandbox: answers by the rules alone and asks nobody, so that no question leaves the machine.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "net/dns.h"
#include "net/event_queue.h"

namespace snug {

class NameService final : public EventHandler {
 public:
  /// What a name and type are answered with.
  using Answers = std::function<dns::Answer(const dns::Query& query)>;

  /// Sockets of the sandbox's network, non-blocking; either may be absent.
  NameService(EventQueue& queue, Fd datagrams, Fd listener, Answers answers);
  ~NameService();

 private:
  class Conversation;
  void ready(int tag, std::uint32_t events) override;
  void answer_datagrams();
  void accept_conversations();
  std::vector<std::uint8_t> answer(const dns::Query& query, dns::Transport transport) const;

  EventQueue& queue_;
  const Fd datagrams_, listener_;
  const Answers answers_;
  std::optional<Interest> on_datagrams_, on_listener_;
  std::list<Conversation> conversations_;  // by TCP
};

}  // namespace snug
