// The assignors of Kafka 0.8.2's consumer behind a pipe: see java_assignors.py.

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import kafka.common.TopicAndPartition;
import kafka.consumer.AssignmentContext;
import kafka.consumer.ConsumerThreadId;
import kafka.consumer.PartitionAssignor;
import kafka.consumer.RangeAssignor;
import kafka.consumer.RoundRobinAssignor;
import kafka.utils.ZKStringSerializer$;
import org.I0Itec.zkclient.IZkConnection;
import org.I0Itec.zkclient.ZkClient;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;

public class Assignors082 {
    static final Map<String, String> NODES = new TreeMap<>();

    /** Whether round-robin or range, and nodes; answers with each partition's thread. */
    public static void main(String[] arguments) throws Exception {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(System.out);
        ZkClient client = new ZkClient(connection(), 10000, ZKStringSerializer$.MODULE$);
        while (true) {
            boolean roundRobin;
            try {
                roundRobin = in.readBoolean();
            } catch (EOFException end) {
                System.exit(0);
                return;
            }
            NODES.clear();
            for (int left = in.readInt(); left > 0; left--) {
                String path = readText(in);
                NODES.put(path, readText(in));
            }
            answer(roundRobin ? new RoundRobinAssignor() : new RangeAssignor(), client, out);
            out.flush();
        }
    }

    /** Each consumer decides for itself alone, as it does in a group. */
    private static void answer(PartitionAssignor assignor, ZkClient client, DataOutputStream out)
            throws IOException {
        List<scala.Tuple2<TopicAndPartition, ConsumerThreadId>> all = new ArrayList<>();
        for (String consumer : children("/consumers/g/ids")) {
            AssignmentContext context = new AssignmentContext("g", consumer, true, client);
            var decided = assignor.assign(context).iterator();
            while (decided.hasNext()) {
                all.add(decided.next());
            }
        }
        out.writeInt(all.size());
        for (var one : all) {
            writeText(out, one._1().topic());
            out.writeInt(one._1().partition());
            writeText(out, one._2().toString());
        }
    }

    /** A session with a ZooKeeper that is not there: it reads the nodes above. */
    private static IZkConnection connection() {
        return (IZkConnection) Proxy.newProxyInstance(
            Assignors082.class.getClassLoader(), new Class<?>[] {IZkConnection.class},
            (proxy, method, given) -> switch (method.getName()) {
                case "connect" -> {
                    // From another thread: who is told of events may not wait for them.
                    new Thread(() -> ((Watcher) given[0]).process(new WatchedEvent(
                        Watcher.Event.EventType.None, Watcher.Event.KeeperState.SyncConnected, null))).start();
                    yield null;
                }
                case "exists" -> NODES.containsKey((String) given[0]);
                case "getChildren" -> children((String) given[0]);
                case "readData" -> NODES.get((String) given[0]).getBytes("UTF-8");
                case "getZookeeperState" -> ZooKeeper.States.CONNECTED;
                case "getServers" -> "nowhere";
                default -> throw new UnsupportedOperationException(method.getName());
            });
    }

    private static List<String> children(String path) {
        List<String> found = new ArrayList<>();
        for (String node : NODES.keySet()) {
            if (node.startsWith(path + "/")) {
                found.add(node.substring(path.length() + 1));
            }
        }
        return found;
    }

    private static String readText(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), "UTF-8");
    }

    private static void writeText(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes("UTF-8");
        out.writeInt(bytes.length);
        out.write(bytes);
    }
}
