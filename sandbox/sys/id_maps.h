// The maps of a user namespace with several numbers, written by newuidmap(1) and newgidmap(1).
#pragma once

#include <sys/types.h>

#include <functional>

#include "base/id_map.h"
#include "base/result.h"

namespace snug {

/// Has both maps of process `pid`'s new user namespace written. setgroups(2) stays allowed there, as newgidmap leaves
/// it for whoever has a range of subgid(5). Asks `stop` from time to time. Errors: what the programs say.
Result<void> write_id_maps(pid_t pid, const IdMaps& maps, const std::function<bool()>& stop);

/// Moves this process into a user namespace with `maps`, in which it may read, write and give away all files of those
/// numbers (and nothing else: other rights are given up); programs it starts may read them. Precondition: one thread;
/// for good. On an error it is where it was, or in one where it has no rights.
Result<void> enter_id_maps(const IdMaps& maps);

}  // namespace snug
