/* SPDX-License-Identifier: Apache-2.0 */
/* The C++ library: threads and exceptions, regular expressions, random numbers, conversions and mathematics. */
#include <thread>
#include <mutex>
#include <condition_variable>
#include <regex>
#include <iostream>
#include <sstream>
#include <iomanip>
#include <map>
#include <unordered_map>
#include <algorithm>
#include <future>
#include <vector>
#include <atomic>
#include <random>
#include <chrono>
#include <complex>
#include <numeric>
#include <cmath>
#include <locale>
#include <memory>
#include <csetjmp>
thread_local int tl = 5;
struct D { int n; ~D() { std::cout << "~D" << n << "\n"; } };
int deep(int n) { D d{n}; if (!n) throw std::out_of_range("deep"); return deep(n - 1) + 1; }
int main() {
  std::mutex m; std::condition_variable cv; int turn = 0; std::vector<std::thread> v; long sum = 0;
  for (int i = 0; i < 4; i++)
      v.emplace_back([&, i] {
          for (int k = 0; k < 200; k++) {
              std::unique_lock<std::mutex> l(m);
              cv.wait(l, [&] { return turn % 4 == i; });
              sum += i * k + tl;
              tl++;
              turn++;
              cv.notify_all();
          }
      });
  for (auto &t : v) t.join();
  std::cout << sum << " " << tl << "\n";
  try { deep(4); } catch (std::exception &e) { std::cout << e.what() << "\n"; }
  auto f = std::async(std::launch::async, [] { deep(1); return 1; });
  try { f.get(); } catch (std::out_of_range &e) { std::cout << "async " << e.what() << "\n"; }
  std::regex re("(\\w+)@(\\w+)\\.com"); std::smatch sm; std::string s = "mail joe@example.com now";
  if (std::regex_search(s, sm, re)) std::cout << sm[1] << " " << sm[2] << "\n";
  std::mt19937 g(42);
  std::normal_distribution<double> nd;
  double acc = 0;
  for (int i = 0; i < 1000; i++) acc += nd(g);
  std::cout << std::setprecision(15) << acc << "\n";
  std::mt19937_64 g6(7);
  std::uniform_real_distribution<float> uf;
  float fa = 0;
  for (int i = 0; i < 1000; i++) fa += uf(g6) * 1.5f - fa / 7;
  std::cout << fa << "\n";
  std::complex<double> c(1, 2);
  std::cout << std::exp(c) * std::sin(c) << " " << std::tgamma(4.5) << " " << std::lgamma(10.1) << " " << std::erf(.3)
            << " " << std::cbrt(27.5) << "\n";
  for (double x : { 0.1, 1e300, -1e-310, 5e-324, 123456789.125 }) {
      std::cout << x << " " << std::hexfloat << x << std::defaultfloat << " " << (float)x << " " << std::floor(x) << " "
                << std::rint(x) << " " << std::fmod(x, 7) << " " << std::sqrt(std::fabs(x)) << "\n";
  }
  std::cout << (long long)1e18 << " " << (unsigned long long)1.8e19 << " " << (int)-3.9 << " " << (unsigned)3e9 << " "
            << (double)(1ull << 63) << " " << (float)123456789 << " " << (double)-5ll << "\n";
  std::atomic<int> a{ 0 };
  std::atomic<long long> al{ 0 };
  {
      std::vector<std::thread> w;
      for (int i = 0; i < 4; i++)
          w.emplace_back([&] {
              for (int k = 0; k < 10000; k++) {
                  a++;
                  al += 3;
              }
          });
      for (auto &t : w) t.join();
  }
  std::cout << a << " " << al << "\n";
  std::unordered_map<std::string, int> um;
  for (int i = 0; i < 1000; i++) um[std::to_string(i * 7 % 331)] += i;
  int best = 0;
  for (auto &p : um) best = std::max(best, p.second);
  std::cout << um.size() << " " << best << "\n";
  std::stringstream ss;
  ss << std::fixed << std::setprecision(3) << 3.14159 << " " << std::scientific << 1e-7 << std::hex << " " << 255;
  std::cout << ss.str() << "\n";
  double d;
  ss.str("2.718281828459045 1e-5");
  ss.clear();
  ss >> d;
  std::cout << d << "\n";
  printf("%.17g %a %.3e %g %f\n", d, d, d, 1e100, 1.0 / 3);
}
