import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import kafka.consumer.ConsumerConfig;
import kafka.consumer.ConsumerIterator;
import kafka.consumer.KafkaStream;
import kafka.consumer.PartitionTopicInfo;
import kafka.consumer.Whitelist;
import kafka.javaapi.consumer.ConsumerConnector;
import kafka.message.MessageAndMetadata;
import kafka.utils.Pool;
import org.I0Itec.zkclient.ZkClient;
import org.I0Itec.zkclient.ZkConnection;
import scala.Tuple2;
import scala.collection.JavaConversions;

/**
 * A member of a ZooKeeper group by Kafka 0.8.2.2's high-level consumer.
 * Arguments: file of events, name, "topics" or "pattern", which; then its properties, key=value.
 */
public class HighLevelMember {
    private static final long LOOK_EVERY_MS = 5;

    private final EventLog log;
    private final ConsumerConnector connector;
    private final kafka.consumer.ZookeeperConsumerConnector inner;
    private final ZkClient client;
    private final Field connection;
    private Set<Tuple2<String, Integer>> held = new HashSet<>();
    private Object registry;
    private long session;
    private volatile boolean stopping;

    public static void main(String[] arguments) throws Exception {
        EventLog log = new EventLog(arguments[0], arguments[1]);
        try {
            Properties properties = new Properties();
            for (int number = 4; number < arguments.length; number++) {
                String[] parts = arguments[number].split("=", 2);
                properties.put(parts[0], parts[1]);
            }
            new HighLevelMember(log, properties).run(arguments[2], arguments[3]);
        } catch (Throwable error) {
            log.error(error);
            throw error;
        }
    }

    private HighLevelMember(EventLog log, Properties properties) throws ReflectiveOperationException {
        this.log = log;
        connector = kafka.consumer.Consumer.createJavaConsumerConnector(new ConsumerConfig(properties));
        inner = (kafka.consumer.ZookeeperConsumerConnector) field(connector.getClass(), "underlying").get(connector);
        client = inner.kafka$consumer$ZookeeperConsumerConnector$$zkClient();
        connection = field(ZkClient.class, "_connection");
    }

    private static Field field(Class<?> holder, String name) throws NoSuchFieldException {
        Field field = holder.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    private void run(String how, String which) throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
        // Streams exist, and this returns, when the first rebalance is done.
        for (KafkaStream<byte[], byte[]> stream : streams(how, which)) {
            new Thread(() -> read(stream.iterator())).start();
        }
        log.write("ready");
        while (!stopping) {
            look();
            Thread.sleep(LOOK_EVERY_MS);
        }
    }

    private List<KafkaStream<byte[], byte[]>> streams(String how, String which) {
        if (how.equals("pattern")) {
            return connector.createMessageStreamsByFilter(new Whitelist(which), 1);
        }
        Map<String, Integer> wanted = new HashMap<>();
        for (String topic : which.split(",")) {
            wanted.put(topic, 1);
        }
        List<KafkaStream<byte[], byte[]>> streams = new ArrayList<>();
        connector.createMessageStreams(wanted).values().forEach(streams::addAll);
        return streams;
    }

    private void read(ConsumerIterator<byte[], byte[]> messages) {
        try {
            while (messages.hasNext()) {
                synchronized (this) {
                    // What is handed out while it ends would be behind its last commit.
                    if (stopping) {
                        return;
                    }
                    MessageAndMetadata<byte[], byte[]> m = messages.next();
                    look();
                    log.delivered(m.topic(), m.partition(), m.offset(), m.message());
                }
            }
        } catch (RuntimeException error) {
            log.error(error);
        }
    }

    /**
     * This release has no rebalance listener. It has its partitions in a registry, a new one
     * after each rebalance and before anything is fetched for it.
     */
    private synchronized void look() {
        Pool<String, Pool<Object, PartitionTopicInfo>> now = inner.getTopicRegistry();
        if (now == registry) {
            return;
        }
        registry = now;
        tellSession();
        Set<Tuple2<String, Integer>> owned = new HashSet<>();
        for (String topic : JavaConversions.setAsJavaSet(now.keys())) {
            for (Object partition : JavaConversions.setAsJavaSet(now.get(topic).keys())) {
                owned.add(new Tuple2<>(topic, (Integer) partition));
            }
        }
        held.stream().filter(p -> !owned.contains(p)).forEach(p -> log.partition("revoked", p._1(), p._2()));
        owned.stream().filter(p -> !held.contains(p)).forEach(p -> log.partition("assigned", p._1(), p._2()));
        held = owned;
    }

    /** Its session in ZooKeeper, for who wants to end it by force; a new one after that. */
    private void tellSession() {
        try {
            var keeper = ((ZkConnection) connection.get(client)).getZookeeper();
            if (keeper.getSessionId() != session) {
                session = keeper.getSessionId();
                log.session(session, keeper.getSessionPasswd());
            }
        } catch (IllegalAccessException error) {
            throw new IllegalStateException(error);
        }
    }

    private void stop() {
        synchronized (this) {
            stopping = true;
        }
        log.write("stopping");
        connector.shutdown();
        log.write("stopped");
    }
}
