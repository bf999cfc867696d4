"""Trees of files, for comparing one with another."""
import hashlib
import os
import stat


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def described(top):
    """What a tree is: path -> kind, mode, content or target, attributes; and which names are one file. Opens what is closed."""
    tree, names, modes, left = {}, {}, {}, [top]
    while left:
        directory = left.pop()
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            info = os.lstat(path)
            entry = [stat.S_IFMT(info.st_mode)]
            if stat.S_ISLNK(info.st_mode):
                entry.append(os.readlink(path))
            else:
                entry.append(modes.setdefault(info.st_ino, stat.S_IMODE(info.st_mode)))  # before it was opened by another name
                os.chmod(path, info.st_mode | 0o700)
                entry.append({key: os.getxattr(path, key) for key in os.listxattr(path) if key.startswith("user.")})
            if stat.S_ISDIR(info.st_mode):
                left.append(path)
            if stat.S_ISREG(info.st_mode):
                entry.append(digest(path))
                names.setdefault(info.st_ino, set()).add(os.path.relpath(path, top))
            tree[os.path.relpath(path, top)] = entry
    return tree, {frozenset(group) for group in names.values() if len(group) > 1}
