/// Runs whole clusters on one thread: real nodes, on simulated disks, clocks and a simulated network.
///
/// The nodes are the production loop with the production log, snapshots and frames. Everything else
/// (when a message arrives, when a sync ends, which sectors survive a crash) is drawn from one seed,
/// so that equal settings give equal runs. After each step a checker that stands outside the nodes
/// compares them with all that was ever seen. Then the faults stop, and the cluster must recover.
public enum Simulation {
    /// Runs one simulation of the simulator's own workload to its end or to the first finding.
    ///
    /// - Parameter traceLines: How many of the last lines of the trace the report keeps.
    public static func run(
        _ settings: SimulationSettings, traceLines: Int = 0
    ) -> SimulationReport {
        let workload = WorkloadRun(RegisterWorkload())
        var report = Simulator(settings, workload: workload, traceLines: traceLines).run()
        for mark in workload.workload.situations(in: workload.history) { report.marks.hit(mark) }
        return report
    }

    /// Runs one simulation of a state machine of yours to its end or to the first finding.
    public static func run<Workload: SimulationWorkload>(
        _ settings: SimulationSettings, workload: Workload, traceLines: Int = 0
    ) -> SimulationReport {
        var report = Simulator(
            settings, workload: WorkloadRun(workload), traceLines: traceLines
        ).run()
        report.workload = "\(Workload.self)"
        return report
    }
}
