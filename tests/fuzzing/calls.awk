# SPDX-License-Identifier: Apache-2.0
# linux-user/desc/*.sys → rows of sysfuzz.c. Left out: what ends, copies, stops or blinds the caller, and what reaches others.
BEGIN {
    split("exit exit_group fork vfork clone clone3 execve execveat rt_sigreturn sigreturn pause kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo " \
          "pidfd_send_signal brk mmap mmap2 munmap mprotect mremap pkey_mprotect remap_file_pages shmat shmdt madvise process_madvise close close_range dup2 dup3 " \
          "rt_sigaction sigaction signal rt_sigprocmask sigprocmask alarm setitimer rt_sigsuspend sigsuspend vhangup setsid reboot shutdown ptrace seccomp " \
          "prctl personality setrlimit prlimit64 process_mrelease munlockall mlockall ssetmask sync syncfs unshare setns getpid gettid getppid times time " \
          "getpgrp sched_yield getrandom fcntl fcntl64 umask msgget semget shmget msgctl semctl shmctl ipc", names, " ")
    for (i in names) skip[names[i]] = 1
}
/^sys / {
    name = $2
    if (name in skip || /refuse "/) next
    list = $0; sub(/^[^(]*\(/, "", list); sub(/\).*/, "", list)
    n = split(list, arg, ",")
    kinds = ""
    for (i = 1; i <= n; i++) {
        type = arg[i]; sub(/^ *[^ ]+ */, "", type)
        k = "i"
        if (type ~ /^(fd|atfd|newfd)/) k = "f"
        else if (type ~ /^(str|path|lookup)/) k = "s"
        else if (type ~ /^(gaddr|in|out|inout|rest|iov|sockaddr)([ \[]|$)/) k = "p"
        else if (type ~ /^(size|ulong|uint|long)/) k = "n"
        kinds = kinds k
    }
    if (n) printf "#ifdef SYS_%s\n{ SYS_%s, \"%s\", \"%s\" },\n#endif\n", name, name, name, kinds
}
