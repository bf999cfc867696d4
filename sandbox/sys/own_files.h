// Rights over one's own files whatever their modes.
#pragma once

#include <functional>

#include "base/id_map.h"
#include "base/result.h"

namespace snug {

/// Moves this process into a user namespace of its own in which it may read, write and search all files of its user and
/// group, those of mode 000 too (CAP_DAC_OVERRIDE counts there for inodes whose ids are mapped, user_namespaces(7)).
/// Files made afterwards belong to the same user outside. Does nothing for root, and nothing where namespaces are
/// refused: modes then count as ever. A second call changes nothing. Precondition: one thread; for good.
void take_rights_over_own_files();

/// The same, and over those that belong to other numbers of the maps that `find` gives, in which this process keeps its
/// own. Errors: `find`'s, and what newuidmap says; then there are rights over its own files at most.
Result<void> take_rights_over_files_of(const std::function<Result<IdMaps>()>& find);

}  // namespace snug
