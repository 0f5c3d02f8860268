#include "bench/program.hpp"

int main(int argc, char** argv) { partita::bench::run_benchmark(argc, argv, "executor_scaling"); }
