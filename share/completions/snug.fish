# Completion of snug for fish. What fits at the cursor is asked of snug itself (snug complete).
# Installed as share/fish/vendor_completions.d/snug.fish.

function __snug_paths
    # Behind the '=' of --read=PATH the path alone is completed.
    set -l lead (string match -r -- '^--[^=]*=' $argv[1])
    set -l rest (string replace -r -- '^--[^=]*=' '' $argv[1])
    if test "$argv[2]" = directories
        printf "$lead%s\n" (__fish_complete_directories "$rest")
    else
        printf "$lead%s\n" (__fish_complete_path "$rest")
    end
end

function __snug_complete
    set -l before (commandline -opc)
    set -e before[1]
    set -l current (commandline -ct)
    for line in (command snug complete -- $before "$current" 2>/dev/null)
        switch $line
            case :files
                __snug_paths "$current" files
            case :directories
                __snug_paths "$current" directories
            case ':command *'
                __fish_complete_subcommand --fcs-skip=(math 1 + (string replace ':command ' '' $line))
            case '*'
                echo $line
        end
    end
end

complete -c snug -f -a '(__snug_complete)'
