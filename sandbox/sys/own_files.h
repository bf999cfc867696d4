// Rights over one's own files whatever their modes.
#pragma once

namespace snug {

/// Moves this process into a user namespace of its own in which it may read, write and search all files of its user and
/// group, those of mode 000 too (CAP_DAC_OVERRIDE counts there for inodes whose ids are mapped, user_namespaces(7)).
/// Files made afterwards belong to the same user outside. Does nothing for root, and nothing where namespaces are
/// refused: modes then count as ever. Precondition: one thread; for good.
void take_rights_over_own_files();

}  // namespace snug
