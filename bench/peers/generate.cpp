// Writes a network of obligations as CSV (`id,debtor,creditor,amount`) to standard output.
//
// Parties are ranked; the party of rank r (from 0) is drawn as debtor with weight (r + 1)^-exponent, so the number of obligations of a party follows
// a power law of rank, and likewise as creditor. A share of the parties ("both sides", default a half) has one rank for both: these hubs owe and are
// owed. The others have independent ranks: large debtors and large creditors that stand on one side only, as importers and exporters do. Names do not
// tell ranks, and nobody owes to itself (the creditor is drawn again). Amounts are log-normal, in cents, and at least 1.
//
// The same options give the same bytes with the same C library: the engine's output is fixed by the C++ standard, and every distribution is computed
// here. (pow, log, exp and cos come from the C library, whose last bit may differ; the build turns contraction to fused operations off.)
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numbers>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace {

struct Options {
  uint32_t parties = 10'000;
  uint64_t obligations = 100'000;
  uint64_t seed = 1;
  double exponent = 0.75;
  double both_sides = 0.5;
  double median = 60'000;  // cents
  double sigma = 1.8;      // standard deviation of the natural logarithm of an amount
};

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "generate: %s\n", message.c_str());
  std::exit(2);
}

template <typename Number>
Number number(const char* option, const char* text) {
  Number value{};
  const auto end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stop != end) fail(std::string(option) + " " + text + ": not a number in range");
  return value;
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    const std::string name = arguments[i];
    if (i + 1 == count) fail(name + ": a value is missing");
    const char* text = arguments[i + 1];
    if (name == "--parties") options.parties = number<uint32_t>("--parties", text);
    else if (name == "--obligations") options.obligations = number<uint64_t>("--obligations", text);
    else if (name == "--seed") options.seed = number<uint64_t>("--seed", text);
    else if (name == "--exponent") options.exponent = number<double>("--exponent", text);
    else if (name == "--both-sides") options.both_sides = number<double>("--both-sides", text);
    else if (name == "--median") options.median = number<double>("--median", text);
    else if (name == "--sigma") options.sigma = number<double>("--sigma", text);
    else fail(name + ": no such option");
  }
  if (options.parties < 2) fail("--parties: at least 2 are needed, as nobody owes to itself");
  if (!(options.both_sides >= 0 && options.both_sides <= 1)) fail("--both-sides: a share between 0 and 1 is needed");
  if (!(options.median >= 1 && options.sigma >= 0)) fail("--median must be at least 1 and --sigma at least 0");
  return options;
}

class Draws {
 public:
  explicit Draws(uint64_t seed) : engine_(seed) {}

  // Uniform in [0, 1), with 53 bits.
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  // Standard normal (Box and Muller, the first of the pair).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

  void shuffle(std::vector<uint32_t>& values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[engine_() % i]);
  }

 private:
  std::mt19937_64 engine_;
};

// Ranks drawn with weight (rank + 1)^-exponent, by inversion of the cumulative weights.
class Ranks {
 public:
  Ranks(uint32_t count, double exponent) : cumulative_(count) {
    double sum = 0;
    for (uint32_t rank = 0; rank < count; ++rank) cumulative_[rank] = sum += std::pow(rank + 1.0, -exponent);
  }

  uint32_t draw(Draws& draws) const {
    const double at = draws.uniform() * cumulative_.back();
    const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
    return static_cast<uint32_t>(std::min<size_t>(found - cumulative_.begin(), cumulative_.size() - 1));
  }

 private:
  std::vector<double> cumulative_;
};

// The creditor of each rank, given the debtor of each rank: the same for a share of the ranks, shuffled among the others.
std::vector<uint32_t> creditors_by_rank(const std::vector<uint32_t>& debtors, double both_sides, Draws& draws) {
  std::vector<uint32_t> creditors = debtors, apart;
  std::vector<size_t> places;
  for (size_t rank = 0; rank < debtors.size(); ++rank) {
    if (draws.uniform() < both_sides) continue;
    places.push_back(rank);
    apart.push_back(debtors[rank]);
  }
  draws.shuffle(apart);
  for (size_t i = 0; i < places.size(); ++i) creditors[places[i]] = apart[i];
  return creditors;
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = parse(count, arguments);
  Draws draws(options.seed);
  const Ranks ranks(options.parties, options.exponent);

  std::vector<uint32_t> debtors(options.parties);
  std::iota(debtors.begin(), debtors.end(), 0);
  draws.shuffle(debtors);
  const std::vector<uint32_t> creditors = creditors_by_rank(debtors, options.both_sides, draws);

  std::puts("id,debtor,creditor,amount");
  const double log_median = std::log(options.median);
  for (uint64_t id = 0; id < options.obligations; ++id) {
    const uint32_t debtor = debtors[ranks.draw(draws)];
    uint32_t creditor = debtor;
    while (creditor == debtor) creditor = creditors[ranks.draw(draws)];
    const double amount = std::round(std::exp(log_median + options.sigma * draws.normal()));
    const uint64_t cents = static_cast<uint64_t>(std::clamp(amount, 1.0, 1e18));

    char line[80];
    char* end = line;
    for (const uint64_t field : {id, uint64_t{debtor}, uint64_t{creditor}, cents}) {
      end = std::to_chars(end, line + sizeof line, field).ptr;
      *end++ = ',';
    }
    end[-1] = '\n';
    if (std::fwrite(line, 1, static_cast<size_t>(end - line), stdout) != static_cast<size_t>(end - line)) fail("cannot write to standard output");
  }
  if (std::fflush(stdout) != 0) fail("cannot write to standard output");
}
