// Solves the largest set-off of a CSV of obligations with LEMON, checks the answer and prints one JSON object.
//
//   lemon_set_off FILE --algorithm cost-scaling|network-simplex --formulation circulation|routing --graph smart|static
//
// "circulation": as much as possible of each obligation is set off, cost -1 an arc, no supplies.
// "routing": net positions are routed through the obligations, cost 1 an arc; what flows is what remains.
//
// To be compiled as C++17: the released LEMON (1.3.1) uses members of std::allocator that C++20 took away.
//
// `seconds` is `run()` alone, and `cpu_seconds` the processor's time in it. `build_seconds` is LEMON's graph, its maps and the solver's own copy of them.
#include <lemon/cost_scaling.h>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>
#include <lemon/static_graph.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using Amount = int64_t;  // minor units

struct Obligation {
  int debtor, creditor;
  Amount amount;
};

struct Network {
  int parties = 0;
  Amount total = 0;
  std::vector<Obligation> obligations;
};

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "lemon: %s\n", message.c_str());
  std::exit(2);
}

Network read(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) fail(path + ": cannot be read or is empty");
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line != "id,debtor,creditor,amount") fail(path + ":1: the header must be id,debtor,creditor,amount");

  Network network;
  std::unordered_map<std::string, int> numbers;
  const auto party = [&](std::string_view name) {
    return numbers.try_emplace(std::string(name), static_cast<int>(numbers.size())).first->second;
  };
  for (size_t at = 2; std::getline(file, line); ++at) {
    std::string_view rest = line, fields[4];
    if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
    for (auto& field : fields) {
      const size_t comma = rest.find(',');
      field = rest.substr(0, comma);
      rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    }
    Amount amount = 0;
    const auto [stop, error] = std::from_chars(fields[3].data(), fields[3].data() + fields[3].size(), amount);
    if (error != std::errc() || stop != fields[3].data() + fields[3].size() || amount < 0) fail(path + ":" + std::to_string(at) + ": the amount is not a whole number in range");
    if (__builtin_add_overflow(network.total, amount, &network.total)) fail(path + ":" + std::to_string(at) + ": the total does not fit 64 bits");
    network.obligations.push_back({party(fields[1]), party(fields[2]), amount});
  }
  if (network.obligations.size() > INT32_MAX / 2) fail(path + ": LEMON numbers arcs with 32 bits");
  network.obligations.shrink_to_fit();
  network.parties = static_cast<int>(numbers.size());
  return network;
}

// A field of /proc/self/status in bytes.
int64_t memory(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.compare(0, field.size(), field) == 0) return 1024 * std::atoll(line.c_str() + field.size());
  fail("/proc/self/status has no " + std::string(field));
}

// From here on the peak (VmHWM) counts from what is held now.
void restart_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

// The graph, and for each obligation its arc.
template <typename Graph>
std::vector<typename Graph::Arc> build(Graph& graph, const Network& network);

template <>
std::vector<lemon::SmartDigraph::Arc> build(lemon::SmartDigraph& graph, const Network& network) {
  graph.reserveNode(network.parties);
  graph.reserveArc(static_cast<int>(network.obligations.size()));
  for (int party = 0; party < network.parties; ++party) graph.addNode();
  std::vector<lemon::SmartDigraph::Arc> arcs;
  arcs.reserve(network.obligations.size());
  for (const auto& [debtor, creditor, amount] : network.obligations) arcs.push_back(graph.addArc(graph.nodeFromId(debtor), graph.nodeFromId(creditor)));
  return arcs;
}

template <>
std::vector<lemon::StaticDigraph::Arc> build(lemon::StaticDigraph& graph, const Network& network) {
  // A StaticDigraph is built from arcs in the order of their sources.
  const auto& obligations = network.obligations;
  std::vector<int> order(obligations.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return obligations[a].debtor < obligations[b].debtor; });
  std::vector<std::pair<int, int>> ends;
  ends.reserve(order.size());
  for (const int i : order) ends.emplace_back(obligations[i].debtor, obligations[i].creditor);
  graph.build(network.parties, ends.begin(), ends.end());
  std::vector<lemon::StaticDigraph::Arc> arcs(order.size());
  for (size_t at = 0; at < order.size(); ++at) arcs[order[at]] = graph.arc(static_cast<int>(at));
  return arcs;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double processor_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <template <typename, typename, typename> typename Algorithm, typename Graph>
void solve(const Network& network, bool routing) {
  restart_peak();
  const int64_t loaded = memory("VmRSS:");
  const auto building = std::chrono::steady_clock::now();
  Graph graph;
  const auto arcs = build(graph, network);
  typename Graph::template ArcMap<Amount> capacity(graph);
  typename Graph::template NodeMap<Amount> supply(graph, 0);
  lemon::ConstMap<typename Graph::Arc, int> cost(routing ? 1 : -1);
  for (size_t i = 0; i < arcs.size(); ++i) {
    const auto& [debtor, creditor, amount] = network.obligations[i];
    capacity[arcs[i]] = amount;
    if (!routing) continue;
    supply[graph.source(arcs[i])] += amount;  // Cannot wrap, as the total does not.
    supply[graph.target(arcs[i])] -= amount;
  }
  Algorithm<Graph, Amount, int> algorithm(graph);
  algorithm.upperMap(capacity).costMap(cost);
  if (routing) algorithm.supplyMap(supply);
  const double build_seconds = seconds_since(building);

  const auto solving = std::chrono::steady_clock::now();
  const double processor = processor_seconds();
  const auto outcome = algorithm.run();
  const double seconds = seconds_since(solving), cpu_seconds = processor_seconds() - processor;
  const int64_t peak = memory("VmHWM:");
  if (outcome != algorithm.OPTIMAL) fail("the solver found no optimum");

  // The answer is checked here and not believed.
  std::vector<Amount> position(network.parties, 0);
  Amount cleared = 0;
  for (size_t i = 0; i < arcs.size(); ++i) {
    const auto& [debtor, creditor, amount] = network.obligations[i];
    const Amount flow = algorithm.flow(arcs[i]);
    const Amount set_off = routing ? amount - flow : flow;
    if (set_off < 0 || set_off > amount) fail("obligation " + std::to_string(i) + " is set off beyond its amount");
    cleared += set_off;
    position[debtor] -= set_off;
    position[creditor] += set_off;
  }
  for (const Amount change : position)
    if (change != 0) fail("a net position changed");
  std::printf("{\"total\": %ld, \"cleared\": %ld, \"remaining\": %ld, \"parties\": %d, \"obligations\": %zu, \"seconds\": %.6f, \"cpu_seconds\": %.6f, "
              "\"build_seconds\": %.6f, \"memory_loaded_bytes\": %ld, \"memory_peak_bytes\": %ld}\n",
              network.total, cleared, network.total - cleared, network.parties, network.obligations.size(), seconds, cpu_seconds, build_seconds, loaded, peak);
}

// LEMON's solvers have further type parameters, with defaults.
template <typename Graph, typename Value, typename Cost>
using CostScaling = lemon::CostScaling<Graph, Value, Cost>;
template <typename Graph, typename Value, typename Cost>
using NetworkSimplex = lemon::NetworkSimplex<Graph, Value, Cost>;

}  // namespace

int main(int count, char** arguments) {
  std::string path, algorithm = "cost-scaling", formulation = "circulation", graph = "static";
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name.compare(0, 2, "--") != 0) {
      path = name;
      continue;
    }
    if (++i == count) fail(name + ": a value is missing");
    if (name == "--algorithm") algorithm = arguments[i];
    else if (name == "--formulation") formulation = arguments[i];
    else if (name == "--graph") graph = arguments[i];
    else fail(name + ": no such option");
  }
  if (path.empty()) fail("the file of obligations is missing");
  if (formulation != "circulation" && formulation != "routing") fail("--formulation: circulation or routing");
  const bool routing = formulation == "routing";
  const Network network = read(path);
  if (algorithm == "cost-scaling" && graph == "smart") solve<CostScaling, lemon::SmartDigraph>(network, routing);
  else if (algorithm == "cost-scaling" && graph == "static") solve<CostScaling, lemon::StaticDigraph>(network, routing);
  else if (algorithm == "network-simplex" && graph == "smart") solve<NetworkSimplex, lemon::SmartDigraph>(network, routing);
  else if (algorithm == "network-simplex" && graph == "static") solve<NetworkSimplex, lemon::StaticDigraph>(network, routing);
  else fail("--algorithm: cost-scaling or network-simplex; --graph: smart or static");
}
