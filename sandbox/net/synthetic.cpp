#include "net/synthetic.h"

namespace snug {

IpAddress SyntheticAddresses::address_of(std::string_view name) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return IpAddress::v4(known->second->address);
  }
  if (entries_.size() < most_) {
    entries_.push_front({std::string(name), kFirst + static_cast<std::uint32_t>(entries_.size())});
    by_address_[entries_.front().address] = entries_.begin();
  } else {
    entries_.splice(entries_.begin(), entries_, std::prev(entries_.end()));
    by_name_.erase(entries_.front().name);
    entries_.front().name = name;
  }
  by_name_[entries_.front().name] = entries_.begin();
  return IpAddress::v4(entries_.front().address);
}

const std::string* SyntheticAddresses::name_of(const IpAddress& address) const {
  if (!address.is_v4()) return nullptr;
  const auto found = by_address_.find(address.v4_value());
  return found == by_address_.end() ? nullptr : &found->second->name;
}

}  // namespace snug
