# What every benchmark says first. Sourced, not run; $0 and its arguments are the command.
echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) cores"
echo "kernel:  $(uname -r)"
echo "jdk:     $(java -version 2>&1 | sed -n 2p)"
echo "command: collector/benchmark/$(basename "$0")${*:+ $*}"
