// The pages of this program's own file: what starting needed and waiting does not.
#pragma once

namespace snug {

/// Unmaps them; what is executed or read next comes back from the page cache, without reading the disk. What was
/// written stays. Of the program only, not of its libraries, whose pages others share.
void give_up_own_pages() noexcept;

}  // namespace snug
